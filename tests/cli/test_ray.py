"""Models on a local Ray: the bytes of one process, rows for models that end their worker, killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.cli.several_models import DEADLY, FAST, files, make_zoo

pytest.importorskip("ray", reason="the extra ray is not installed")

SUMMARIES = {"index.html", "summary.csv", "summary.json", "summary.md"}


@pytest.fixture(scope="module")
def zoo(make_lab, tmp_path_factory):
    """Two models and a broken file on three chunks of pictures, audited in one process."""
    lab = make_lab(tmp_path_factory.mktemp("ray"), 300)
    make_zoo(lab, 2)
    codes = {
        "roi": lab.run("roi-metrics", "zoo", "-o", "roi", "--baseline", "model.pt", *FAST).code,
        "fair": lab.run("fairness", "zoo/m*.pt", "-o", "fair", *FAST).code,
    }
    return lab, codes


@pytest.fixture(scope="module")
def cluster(zoo):
    """A Ray of two processors that the tests of this file share, whose workers find modules in the zoo's folder."""
    import ray

    folder = zoo[0].folder
    (folder / "deadly.py").write_text(DEADLY, encoding="utf-8")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    environment = {"env_vars": {"PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}}
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    try:
        ray.init(num_cpus=2, runtime_env=environment, **options)
    except Exception as error:
        if "timed out during startup" not in str(error):
            raise
        pytest.skip("Ray's processes did not start within its 30 s on this busy machine")
    yield
    ray.shutdown()


def test_models_as_tasks_and_one_that_kills_its_worker(zoo, cluster, monkeypatch):
    lab, codes = zoo
    monkeypatch.syspath_prepend(str(lab.folder))
    import deadly

    torch.save(deadly.Deadly(), lab.folder / "zzz.pt")
    sys.modules.pop("deadly")
    arguments = ("roi-metrics", "zoo", "zzz.pt", "-o", "tasks", "--baseline", "model.pt", "--trust-model")
    done = lab.run(*arguments, "--executor", "ray", *FAST, quiet=False)
    assert done.code == codes["roi"]
    rows = {row["model"]: row for row in json.loads((lab.folder / "tasks" / "summary.json").read_text())["models"]}
    assert rows["zzz"]["gate"] == rows["broken"]["gate"] == "not audited"
    assert "died" in rows["zzz"]["worst_rule"]
    whole, found = files(lab.folder / "roi"), files(lab.folder / "tasks")
    assert {name: found[name] for name in found if name not in SUMMARIES} == {
        name: whole[name] for name in whole if name not in SUMMARIES
    }


def test_chunks_as_tasks_give_the_same_bytes(zoo, cluster, monkeypatch):
    """Also as on several machines, each of which decodes into a file of its own that goes at the end."""
    from fairaudit.audits.zoo import on_ray, piece

    @contextmanager
    def as_if_several(*given, **named):
        with joined(*given, **named) as one:
            yield replace(one, nodes=2)

    lab, codes = zoo
    joined = on_ray.joined
    monkeypatch.setattr(on_ray, "joined", as_if_several)
    monkeypatch.setattr(on_ray, "SHORTEST", 1)
    assert (
        lab.run("roi-metrics", "zoo", "-o", "pieces", "--baseline", "model.pt", "--executor", "ray", *FAST).code
        == (codes["roi"])
    )
    assert files(lab.folder / "pieces") == files(lab.folder / "roi")
    assert not list((Path(tempfile.gettempdir()) / piece.OWN_PIXELS).glob("pixels-*"))


@pytest.mark.slow
def test_the_asking_process_killed_at_a_random_moment_and_resumed(zoo, cluster):
    lab, codes = zoo
    process = lab.start("fairness", "zoo/m*.pt", "-o", "killed", "--executor", "ray", "--jobs", "2", *FAST, "--quiet")
    deadline = time.monotonic() + 120
    while not list((lab.folder / ".fairaudit" / "killed").glob("*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(np.random.default_rng().uniform(0, 10))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert lab.run("fairness", "zoo/m*.pt", "-o", "killed", "--executor", "ray", *FAST).code == codes["fair"]
    assert files(lab.folder / "killed") == files(lab.folder / "fair")


def test_what_belongs_to_ray_alone(zoo):
    lab, _ = zoo
    lab.run("fairness", "zoo", "--address", "auto").refused("--address is for a Ray cluster", "--executor ray")
    lab.run("saliency", "zoo", "--save-maps", "--executor", "ray").refused("Maps are not saved on a Ray cluster")
    lab.run("fairness", "zoo", "--gpus-per-model", "0.5").refused("--gpus-per-model is for a Ray cluster")
