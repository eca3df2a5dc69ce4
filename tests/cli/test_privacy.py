"""What a report shows of single images, and who can read it."""

from __future__ import annotations

import os
import shutil

import yaml


def test_no_images_and_none_in_html(lab):
    shown = lab.run("audit", "model.pt", "-o", "shown", "--format", "html,md", "--json")
    pictures = {figure["file"] for figure in shown.report()["figures"] if figure["photographs"]}
    assert any("region-patch" in name for name in pictures)
    assert any("reliance-patch" in name for name in pictures)
    worst = {figure["file"] for figure in shown.report()["figures"] if figure["worst"]}
    assert worst <= pictures
    assert any("worst-" in name for name in worst)
    assert "## Worst images" in (lab.folder / "shown" / "report.md").read_text()
    (named,) = (note for note in shown.report()["notes"] if "figures/region-patch.png" in note)
    assert named.startswith("Look whether the regions lie where they should")
    assert "figures/region-patch.png" in (lab.folder / "shown" / "report.md").read_text()
    hidden = lab.run("audit", "model.pt", "-o", "hidden", "--format", "html,md", "--no-images", "--json")
    assert hidden.code == shown.code
    report = hidden.report()
    assert not any(figure["photographs"] for figure in report["figures"])
    assert any("--no-images" in note for note in report["notes"])
    assert not any("region-patch" in note for note in report["notes"])
    assert not pictures & {f"figures/{path.name}" for path in (lab.folder / "hidden" / "figures").iterdir()}
    assert report["measurements"] == shown.report()["measurements"]
    pages = [(lab.folder / name / "report.html").read_text().count("data:image/png") for name in ("shown", "hidden")]
    assert pages[0] - pages[1] == len(pictures)
    assert "Worst images" not in (lab.folder / "hidden" / "report.md").read_text()
    lab.run("render", "shown", "--format", "html", "--no-images", quiet=False)
    assert (lab.folder / "shown" / "report.html").read_text().count("data:image/png") == pages[1]


def test_nothing_that_an_audit_writes_is_more_open_than_the_umask_allows(lab):
    """Reports, figures, renderings and the run store with the labels of every image."""
    before = os.umask(0o077)
    try:
        lab.run("audit", "model.pt", "-o", "out", "--format", "html,md,junit,csv,github,card,openmetrics")
        lab.run("resample", "--attribute", "group", "-o", "made.csv", quiet=False)
        lab.run("init", "model.pt", "faces.csv", "--yes", "-o", "made.yaml", quiet=False)
    finally:
        os.umask(before)
    written = [path for name in ("out", ".fairaudit") for path in (lab.folder / name).rglob("*")]
    written += [lab.folder / "made.csv", lab.folder / "made.yaml"]
    assert len(written) > 15
    assert {path.name for path in written} >= {"report.json", "report.html", "run.sqlite", "made.csv"}
    assert [path.name for path in written if path.stat().st_mode & 0o077] == []


def test_a_configuration_in_the_working_folder_makes_nothing_run(lab):
    """The whole way, dry run included: the file is read, and nothing it names is imported or called."""
    (lab.folder / "mine.py").write_text("open('ran', 'w')\ndef make():\n    open('ran', 'w')\n")
    for arch in ("subprocess:getoutput(cmd='touch ran')", "mine:make", "os:mkdir(path='ran')"):
        lab.configure(model={"arch": arch})
        for command in (["audit"], ["audit", "--dry-run"], ["saliency"], ["roi-metrics"], ["selftest"]):
            lab.run(*command, "model.pt", "-o", "out").refused("names code to run", "--trust-model")
    assert not (lab.folder / "ran").exists()
    assert yaml.safe_load((lab.folder / "fairaudit.yaml").read_text())["model"]["arch"].startswith("os:")
    shutil.rmtree(lab.folder / "out", ignore_errors=True)
