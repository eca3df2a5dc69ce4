"""The Python interface; fairlearn-like arrays and a module in memory give what the command line gives."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fairaudit
from fairaudit.errors import UsageError
from fairaudit.results.report import Verdict

EXAMPLE = Path(__file__).parent / "report" / "example.json"
SIDE = 16


def test_what_is_exported_is_what_is_visible():
    assert sorted(fairaudit.__all__) == dir(fairaudit)
    for name in fairaudit.__all__:
        assert getattr(fairaudit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fairaudit.nothing  # noqa: B018


@pytest.mark.parametrize("code", ["", f"fairaudit.read_report({str(EXAMPLE)!r})._repr_html_()"])
def test_neither_import_nor_reading_loads_torch(code):
    heavy = "{'torch', 'torchvision', 'matplotlib', 'pandas'}"
    check = f"import sys, fairaudit\n{code}\nassert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_report_has_typed_verdicts_a_frame_and_a_page():
    found = fairaudit.read_report(EXAMPLE)
    assert found.decision == "Do not release"
    assert all(isinstance(verdict, Verdict) for verdict in found.verdicts)
    assert found.gate.exit_code == 3
    assert "Do not release" in found._repr_html_()
    assert "DO NOT RELEASE" in str(found)
    (gap,) = found.find("equalized_odds_difference", attribute="necktie")
    assert gap.value == 0.2143
    with pytest.raises(UsageError, match="Did you mean"):
        found.find("equalised_odds_difference")


def test_the_frame_has_every_number():
    pytest.importorskip("pandas", reason="pandas is not installed")
    found = fairaudit.read_report(EXAMPLE)
    frame = found.to_frame()
    assert list(frame["id"]) == [m.id for m in found.measurements]
    values = [m.value for m in found.measurements if m.value is not None]
    assert frame["value"].dropna().tolist() == values


def test_a_report_is_written_again(tmp_path):
    found = fairaudit.read_report(EXAMPLE)
    files = found.write(tmp_path, ["csv"])
    assert [file.name for file in files] == ["report.json", "report.csv"]
    assert fairaudit.read_report(tmp_path) == found


def test_fairness_of_arrays_is_fairlearns():
    metrics = pytest.importorskip("fairlearn.metrics", reason="fairlearn is not installed")
    draw = np.random.default_rng(0)
    true, pred = draw.integers(0, 2, 400), draw.integers(0, 2, 400)
    age = draw.choice(["old", "young", "mid"], 400)
    found = fairaudit.fairness(true, pred, sensitive_features={"age": age})
    expected = metrics.demographic_parity_difference(true, pred, sensitive_features=age)
    (gap,) = found.find("demographic_parity_difference", attribute="age")
    assert gap.value == pytest.approx(expected)


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(UsageError, match="differ in length"):
        fairaudit.fairness([1, 0], [1], sensitive_features=["a", "b"])


def pictures(count):
    """Noise, brighter on the left where the label is 1; a white square where the attribute is."""
    draw = np.random.default_rng(0)
    label, mark = np.arange(count) % 2, np.arange(count) // 2 % 2
    images = draw.integers(40, 120, (count, SIDE, SIDE, 3)).astype(np.uint8)
    images[label == 1, :, : SIDE // 2] += 90
    images[mark == 1, 10:14, 10:14] = 255
    return images, label, mark


def test_a_module_and_arrays_are_audited(tmp_path):
    import torch
    from torch import nn

    images, label, mark = pictures(48)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(2 * SIDE * SIDE, 1))
    scaled = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        network[-1].bias -= network(scaled).sort(0).values[23:25].mean()  # between two images, on none
    network.eval()
    found = fairaudit.audit(
        network,
        images,
        target=label,
        attributes={"mark": mark},
        regions={"mark": (0.625, 0.625, 0.875, 0.875)},
        settings={"audit": {"saliency": ["gradient"], "faithfulness": False, "replicates": 100}},
        output=tmp_path,
        device="cpu",
    )
    assert [(v.attribute, v.region) for v in found.verdicts] == [("mark", "mark")]
    with torch.no_grad():
        right = (network(scaled)[:, 0] > 0).numpy() == label
    for group in (0, 1):
        (accuracy,) = found.find("accuracy", attribute="mark", group=str(group))
        assert accuracy.value == pytest.approx(right[mark == group].mean())
    stored = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert stored["models"][0]["file"] == "Sequential.pt"


def test_images_that_would_be_rounded_are_refused():
    images, label, mark = pictures(4)
    with pytest.raises(UsageError, match="of uint8"):
        fairaudit.audit("model.pt", images / 255, target=label, attributes={"mark": mark})
    with pytest.raises(UsageError, match="need labels"):
        fairaudit.audit("model.pt", images, target="label")


def test_what_is_no_model_is_refused():
    images, label, mark = pictures(4)
    with pytest.raises(UsageError, match=r"a file or a torch.nn.Module"):
        fairaudit.audit(3, images, target=label, attributes={"mark": mark})


def test_the_example_for_notebooks_runs():
    script = Path(__file__).parents[1] / "example_configs" / "notebook.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("equalized_odds_difference: 0.")
    assert second == fairaudit.explain("equalized_odds_difference")[0].sentence
