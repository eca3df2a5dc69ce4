"""On a Ray of two nodes: the bytes of one process, rows for what ends its worker, killed and resumed."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.cli.several_models import DEADLY, FAST, files, make_zoo

# Looked for and not imported: every worker collects this file, and one of them runs it.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra ray is not installed")

DEADLY_FITS = """
from pathlib import Path

from fairaudit.audits.mitigation.errand import fitted


def fitted_unless_killed(shared, errand, held):
    once = Path(__file__).with_name("killed-once")
    if errand.unit.method == "reweight" or (errand.unit.strength == 10 and not once.is_file()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return fitted(shared, errand, held)
"""
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
    """Two nodes of one processor each on this machine, joined by address; their workers find modules in the folder."""
    import ray
    from ray.cluster_utils import Cluster

    folder = zoo[0].folder
    (folder / "deadly.py").write_text(DEADLY + DEADLY_FITS, encoding="utf-8")
    # Ray imports jsonschema in each of its dozen processes, which would build three dozen grammars for addresses.
    (folder / "rfc3987_syntax.py").write_text("raise ImportError", encoding="utf-8")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        with pytest.MonkeyPatch.context() as patch:  # what the nodes' workers are started with
            patch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")
            alone = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
            nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **alone})
            nodes.add_node(num_cpus=1)
            ray.init(address=nodes.address, log_to_driver=False, logging_level="error")
    except Exception as error:
        if "timed out" not in str(error).lower():
            raise
        pytest.skip("Ray's processes did not start within its 30 s on this busy machine")
    assert len(ray.nodes()) == 2
    yield nodes.address
    ray.shutdown()
    nodes.shutdown()


def test_models_as_tasks_and_one_that_kills_its_worker(zoo, cluster, monkeypatch):
    lab, codes = zoo
    monkeypatch.syspath_prepend(str(lab.folder))
    import deadly

    monkeypatch.setattr("fairaudit.engine.cluster.RETRIES", 0)  # that a task is tried again is shown of fits
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
    """On several nodes each decodes into a file of its own, which goes at the end."""
    from fairaudit.audits.zoo import on_ray, piece

    lab, codes = zoo
    monkeypatch.setattr(on_ray, "SHORTEST", 1)
    options = ("--baseline", "model.pt", "--executor", "ray", "--address", cluster, *FAST)
    assert lab.run("roi-metrics", "zoo", "-o", "pieces", *options).code == codes["roi"]
    assert files(lab.folder / "pieces") == files(lab.folder / "roi")
    assert not list((Path(tempfile.gettempdir()) / piece.OWN_PIXELS).glob("pixels-*"))


def test_fits_as_tasks_one_whose_worker_is_killed_once_and_one_that_always_is(zoo, cluster, monkeypatch):
    lab, _ = zoo
    from fairaudit.audits.mitigation import on_ray

    monkeypatch.syspath_prepend(str(lab.folder))
    import deadly

    monkeypatch.setattr(on_ray, "fitted", deadly.fitted_unless_killed)
    options = ("--lambda", "0.1,1,10", "--limit", "80", "--maps", "8", "--format", "csv")
    far = ("--executor", "ray", "--address", cluster)
    here = lab.run("mitigate", "model.pt", "--method", "dfr", "-o", "mitigated", *options)
    assert lab.run("mitigate", "model.pt", "--method", "dfr", "-o", "far", *options, *far).code == here.code
    assert (lab.folder / "killed-once").is_file()
    wanted, found = fits(lab.folder / "mitigated"), fits(lab.folder / "far")
    assert len(wanted) == 5  # vanilla, the control, three values of λ
    assert found == wanted
    monkeypatch.setattr("fairaudit.engine.cluster.RETRIES", 0)  # that a fit is tried again is shown above
    done = lab.run("mitigate", "model.pt", "--method", "dfr,reweight", "-o", "far", *options, *far)
    assert done.code == here.code
    report = json.loads((lab.folder / "far" / "report.json").read_text(encoding="utf-8"))
    (row,) = [m for m in report["measurements"] if (m["metric"], m["method"]) == ("worst_cell_accuracy", "reweight")]
    assert row["value"] is None
    assert "died" in row["reason"]
    assert fits(lab.folder / "far") == wanted


def fits(folder):
    return {file.name: file.read_bytes() for file in folder.glob("fits/*.safetensors")}


@pytest.mark.slow
def test_the_asking_process_killed_at_a_random_moment_and_resumed(zoo, cluster):
    lab, codes = zoo
    process = lab.start(
        "fairness", "zoo/m*.pt", "-o", "killed", "--executor", "ray", "--address", cluster, *FAST, "--quiet"
    )
    deadline = time.monotonic() + 120
    while not list((lab.folder / ".fairaudit" / "killed").glob("*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(np.random.default_rng().uniform(0, 3))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert lab.run("fairness", "zoo/m*.pt", "-o", "killed", "--executor", "ray", *FAST).code == codes["fair"]
    assert files(lab.folder / "killed") == files(lab.folder / "fair")


def test_what_belongs_to_ray_alone(zoo):
    lab, _ = zoo
    lab.run("fairness", "zoo", "--address", "auto").refused("--address is for a Ray cluster", "--executor ray")
    lab.run("saliency", "zoo", "--save-maps", "--executor", "ray").refused("Maps are not saved on a Ray cluster")
    lab.run("fairness", "zoo", "--gpus-per-model", "0.5").refused("--gpus-per-model is for a Ray cluster")
