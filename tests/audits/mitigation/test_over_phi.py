"""One model per φ: as many rows at each, the same reporting part, one report, and going on after a kill."""

import json
from pathlib import Path

import pytest

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.mitigation.over_phi import associations, run_over_phi
from fairaudit.data.resample import cell_counts, yule_phi
from fairaudit.errors import UsageError
from fairaudit.pruning.parts import check_disjoint
from tests.audits.mitigation.small import small_demo, small_run

PHIS = (0.0, 0.6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_demo(tmp_path_factory.mktemp("demo"), 120, 60)


def arguments(folder, output, **changes):
    asked = {"methods": ("thropt",), "phis": PHIS, "maps": 8} | changes
    return small_run(folder, output, replicates=200, **asked)


def test_every_phi_has_as_many_rows_and_parts_stay_apart(folder, tmp_path):
    found = associations(**arguments(folder, tmp_path))
    sizes = {name: {len(found.parts[phi][name]) for phi in PHIS} for name in ("train", "debias", "choose", "report")}
    assert all(len(each) == 1 for each in sizes.values())
    for phi, parts in found.parts.items():
        check_disjoint(parts)
        counts = cell_counts(parts["train"].target, parts["train"].attributes["necktie"])
        assert yule_phi(counts) == pytest.approx(phi, abs=0.15)  # few rows
    assert found.parts[0.0]["report"].ids == found.parts[0.6]["report"].ids


def test_rows_figures_and_resuming(folder, tmp_path):
    report = run_over_phi(folder / "biased.pt", **arguments(folder, tmp_path), progress=Silent()).report
    methods = {m.method for m in report.measurements if m.metric == "worst_cell_accuracy"}
    assert methods == {f"{name} (φ {phi:g})" for name in ("vanilla", "fine-tune", "thropt") for phi in PHIS}
    assert "over-phi.png" in {Path(figure.file).name for figure in report.figures}
    text = (tmp_path / "mitigation.json").read_text(encoding="utf-8")
    assert {row["phi"] for row in json.loads(text)["rows"]} == set(PHIS)
    assert "## φ = 0.6" in (tmp_path / "mitigation.md").read_text(encoding="utf-8")
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "fits").glob("*.safetensors")}
    assert sum(file.name.startswith("trained") for file in files) == 2
    run_over_phi(folder / "biased.pt", **arguments(folder, tmp_path), progress=Silent())
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "fits").glob("*.safetensors")} == files
    assert (tmp_path / "mitigation.json").read_text(encoding="utf-8") == text


def test_nothing_can_be_written(folder, tmp_path):
    with pytest.raises(UsageError, match="--write and --phi"):
        run_over_phi(folder / "biased.pt", **arguments(folder, tmp_path, write="best"), progress=Silent())
