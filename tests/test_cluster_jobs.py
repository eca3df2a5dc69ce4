"""The example jobs for clusters: each part is asked for once, and the gate's codes do not end the job."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

JOBS = Path(__file__).parents[1] / "example_configs" / "clusters"


@pytest.fixture
def recorder(tmp_path):
    """A `fairaudit` that writes its arguments down and returns a given code."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "fairaudit"
    program.write_text('#!/bin/sh\necho "$@" >> calls\nexit "$CODE"\n', encoding="utf-8")
    program.chmod(0o755)

    def run(script, code, **environment):
        given = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "CODE": str(code), **environment}
        return subprocess.run(script, cwd=tmp_path, env=given, check=False).returncode

    return run, tmp_path / "calls"


CODES = [(0, 0), (2, 0), (3, 0), (4, 0), (5, 0), (1, 1), (137, 137)]


@pytest.mark.parametrize(("code", "wanted"), CODES)
def test_slurm(recorder, code, wanted):
    run, calls = recorder
    ids = {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"}
    assert run(["bash", str(JOBS / "slurm_array.sh")], code, **ids) == wanted
    assert "--shard 3/8" in calls.read_text()


@pytest.mark.parametrize(("code", "wanted"), CODES)
def test_kubernetes(recorder, code, wanted):
    run, calls = recorder
    job = yaml.safe_load((JOBS / "kubernetes_job.yaml").read_text(encoding="utf-8"))["spec"]
    container = job["template"]["spec"]["containers"][0]
    for index in range(job["completions"]):
        script = [*container["command"], *container["args"]]
        assert run(script, code, JOB_COMPLETION_INDEX=str(index)) == wanted
    asked = [line.split("--shard ")[1].split()[0] for line in calls.read_text().splitlines()]
    assert asked == [f"{part}/8" for part in range(1, 9)]
