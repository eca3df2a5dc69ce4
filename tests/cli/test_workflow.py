"""The CI jobs to copy: their audit steps run as they stand, and what they upload holds no data per image."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fairaudit.engine.place import store_file

ROOT = Path(__file__).parents[2]
UPLOADED = {"report.json", "report.html", "report.xml", "figures"}


@pytest.fixture
def shell(lab, tmp_path):
    """Runs a step in the lab's folder, with `fairaudit` on the path and a file for GitHub's summary."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "fairaudit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fairaudit "$@"\n', encoding="utf-8")
    (tools / "fairaudit").chmod(0o755)

    def run(step, **environment):
        done = subprocess.run(
            [shutil.which("bash"), "-e", "-c", step],
            cwd=lab.folder,
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode in (0, 3, 4), done.stderr  # the gate's own codes: an untrained model leaves it open
        return done

    return run


def uploaded(folder, paths):
    """Names of all files and folders under the paths."""
    found = {path.name for each in paths for path in [folder / each, *(folder / each).rglob("*")] if path.exists()}
    report = folder / "fairaudit-report"
    assert store_file(report, output=report).is_file()
    assert not any("sqlite" in name or name.startswith(".") for name in found)
    return found


def test_github_steps_run_and_upload_no_run_store(lab, shell, tmp_path):
    workflow = yaml.safe_load((ROOT / "example_configs" / "github-workflow.yml").read_text(encoding="utf-8"))
    steps = {step.get("name"): step for step in workflow["jobs"]["audit"]["steps"]}
    summary = tmp_path / "summary.md"
    done = shell(steps["Audit"]["run"], GITHUB_STEP_SUMMARY=str(summary))
    assert "::warning title=" in done.stderr or "::error title=" in done.stderr or done.returncode == 0
    assert summary.read_text(encoding="utf-8").startswith("### fairaudit: model.pt")
    assert {*UPLOADED, "report.github.md"} <= uploaded(lab.folder, [steps["Keep the report"]["with"]["path"]])


def test_gitlab_job_runs_and_its_artifacts_are_there(lab, shell):
    """GitLab shows the JUnit file in the merge request and reads the metrics as OpenMetrics text."""
    text = (ROOT / "fairaudit" / "report" / "README.md").read_text(encoding="utf-8")
    (job,) = re.findall(r"For GitLab:\n\n```yaml\n(.*?)```", text, re.DOTALL)
    audit = yaml.safe_load(job)["fairaudit"]
    shell(audit["script"])
    assert {*UPLOADED, "report.openmetrics.txt"} <= uploaded(lab.folder, audit["artifacts"]["paths"])
    for path in audit["artifacts"]["reports"].values():
        assert (lab.folder / path).stat().st_size > 0
