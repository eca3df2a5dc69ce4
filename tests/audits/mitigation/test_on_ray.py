"""Fits that are made elsewhere: the bytes of fits made here, in any order, and rows for those that are lost."""

import json
from collections import deque
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.mitigation import errand, on_ray
from fairaudit.audits.mitigation.fits.fit import UNCHANGED, fit_all
from fairaudit.audits.mitigation.fits.store import FitStore, Unit
from fairaudit.audits.mitigation.on_ray import OnRay
from fairaudit.audits.mitigation.over_phi import run_over_phi
from fairaudit.audits.mitigation.run import open_run, run_mitigate
from fairaudit.engine.cluster import Cluster, Lost
from fairaudit.errors import DataError, MethodError
from tests.audits.mitigation.small import small_demo, small_run

PHIS = (0.0, 0.6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_demo(tmp_path_factory.mktemp("demo"), 60, 40)


def given(folder, output, **changes):
    asked = {"methods": ("dfr", "thropt"), "maps": 2} | changes
    return {**small_run(folder, output, replicates=100, figures=False, **asked), "progress": Silent()}


class Reference:
    """What `ray.put` would return."""

    def __init__(self, value):
        self.value = value

    def hex(self):
        return str(id(self))


class Here(Cluster):
    """A cluster that does tasks in this process, one of those that wait at random."""

    lose = staticmethod(lambda _errand: False)

    def share(self, value):
        return [Reference(value)]

    def answers(self, calls, todo):
        draw = np.random.default_rng(0)
        while todo:
            place = int(draw.integers(min(4, len(todo))))
            todo.rotate(-place)
            task = todo.popleft()
            todo.rotate(place)
            done.append(task)
            if self.lose(task):
                yield task, Lost(reason="The worker died unexpectedly")
            else:
                yield task, calls.call(calls.shared, task, calls.load(task))


done: deque = deque()


@pytest.fixture
def here(monkeypatch):
    @contextmanager
    def joined(_address, *, processors):
        assert processors is None
        yield Here(processors=2, nodes=1)

    monkeypatch.setattr(on_ray, "joined", joined)
    monkeypatch.setattr(errand, "fetched", lambda shared: shared[0].value)
    monkeypatch.setattr(errand, "_fitter", errand._Fitter())
    monkeypatch.setattr(torch, "set_num_threads", lambda _count: None)
    done.clear()
    return monkeypatch


def fits(output):
    return {file.name: file.read_bytes() for file in (output / "fits").glob("*.safetensors")}


def same(one, other):
    assert fits(one) == fits(other)
    assert (one / "mitigation.json").read_bytes() == (other / "mitigation.json").read_bytes()
    assert numbers(one) == numbers(other)


def numbers(output):
    """The report without the facts of its run and without what fits cost, which is measured time."""
    report = json.loads((output / "report.json").read_text(encoding="utf-8")) | {"run": None}
    timed = [m for m in report["measurements"] if m["metric"] == "training_cost"]
    assert timed
    return report | {"measurements": [m for m in report["measurements"] if m not in timed]}


def test_a_search_of_lambda_and_several_seeds(folder, tmp_path, here):
    changes = {"strengths": (0.1, 1.0, 10.0), "seeds": 2}
    path = folder / "biased.pt"
    run_mitigate(path, **given(folder, tmp_path / "local", **changes))
    arguments = given(folder, tmp_path / "far", **changes)
    run_mitigate(path, **arguments, ahead=OnRay(path=path, **arguments).fits)
    same(tmp_path / "local", tmp_path / "far")
    tasks = [task.unit for task in done]
    assert len(set(tasks)) == len(tasks) == len(fits(tmp_path / "far")) - 1  # all but the unchanged model
    order = [unit.seed for unit in tasks if unit.method == "dfr"]
    assert order[:3] == [0, 0, 0]  # the other seed waits for λ
    done.clear()
    run_mitigate(path, **arguments, ahead=OnRay(path=path, **arguments).fits)
    assert not done  # everything is there


def test_trials_wait_for_one_another(folder, tmp_path, here):
    pytest.importorskip("optuna", reason="the extra hpo is not installed")
    path, changes = folder / "biased.pt", {"methods": ("dfr",), "trials": 3, "maps": 0}
    for name in ("local", "far"):
        arguments = given(folder, tmp_path / name, **changes)
        opened = open_run(path, **{key: value for key, value in arguments.items() if key != "progress"})
        if name == "far":
            assert OnRay(path=path, **arguments).fits(opened) == {}
        else:
            fit_all(opened.judge, arguments["asked"], opened.store, Silent())
    assert fits(tmp_path / "local") == fits(tmp_path / "far")
    assert sum(task.unit.method == "dfr" for task in done) == 3


def test_a_model_at_every_phi_and_going_on(folder, tmp_path, here):
    path = folder / "biased.pt"
    run_over_phi(path, **given(folder, tmp_path / "local", phis=PHIS, methods=("thropt",), maps=0))
    arguments = given(folder, tmp_path / "far", phis=PHIS, methods=("thropt",), maps=0)
    run_over_phi(path, **arguments, ahead=OnRay(path=path, **arguments).fits_over)
    same(tmp_path / "local", tmp_path / "far")
    assert {task.phi for task in done} == set(PHIS)
    for file in (tmp_path / "far" / "fits").glob("thropt*"):
        file.unlink()
    done.clear()
    run_over_phi(path, **arguments, ahead=OnRay(path=path, **arguments).fits_over)
    assert {task.unit.method for task in done} == {UNCHANGED.method, "thropt"}
    same(tmp_path / "local", tmp_path / "far")


def test_a_lost_fit_is_a_row_and_no_file(folder, tmp_path, here):
    here.setattr(Here, "lose", staticmethod(lambda task: task.unit.method == "dfr"))
    path, arguments = folder / "biased.pt", given(folder, tmp_path)
    report = run_mitigate(path, **arguments, ahead=OnRay(path=path, **arguments).fits).report
    (row,) = [
        m for m in report.measurements if (m.metric, m.method) == ("worst_cell_accuracy", "dfr") and not m.baseline
    ]
    assert row.value is None
    assert "died" in row.reason
    assert not list((tmp_path / "fits").glob("dfr*"))


def test_a_lost_training_ends_the_run_and_what_a_worker_cannot_open_is_told(folder, tmp_path, here):
    here.setattr(Here, "lose", staticmethod(lambda task: task.phi == 0.6))
    path, arguments = folder / "biased.pt", given(folder, tmp_path, phis=PHIS, methods=("thropt",), maps=0)
    with pytest.raises(MethodError, match=r"No model could be trained at φ 0\.6.*died"):
        run_over_phi(path, **arguments, ahead=OnRay(path=path, **arguments).fits_over)
    arguments = given(folder, tmp_path)
    far = OnRay(path=path, **arguments)
    with pytest.raises(DataError, match=r"(?i)no such file|does not exist|not found|cannot be"):
        run_mitigate(path, **arguments, ahead=replace(far, base=tmp_path / "elsewhere").fits)


def test_what_a_worker_made_of_other_data_is_refused(tmp_path):
    store = FitStore(folder=tmp_path, key="a")
    with pytest.raises(DataError, match="another fit than the one that was asked for"):
        store.take_up(Unit(method="dfr", seed=0, strength=1.0), {"dfr-0-1-other.safetensors": b""})
