"""Damaged files of every kind open or are refused in one paragraph; benchmarks/fuzz.py does the same at length."""

from __future__ import annotations

import importlib.util
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent / "benchmarks" / "fuzz.py"
COUNT = 40
FILES = (
    *("csv", "jsonl", "parquet", "yaml", "plain-yaml", "image", "npy", "maps"),
    *("script", "checkpoint", "safetensors", "generator", "report", "store", "onnx", "mask"),
)
COMMANDS = (
    *("prune", "prune-table", "selftest", "selftest-table", "selftest-model", "mitigate-table", "resample", "split"),
    *("fairness-table", "predictions", "maps-command", "init-table", "init-model", "render", "compare"),
    *("compare-baseline", "compare-store", "merge", "summary", "generator-info", "generator-train", "interpolate"),
    "cf-align",
)


@pytest.fixture(scope="module")
def fuzz(script):
    return script(FUZZ)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def kinds(fuzz, folder):
    return {kind.name: kind for kind in fuzz.kinds(folder)}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A process that no other test has used: one whose autograd has run cannot fork another that trains."""
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as pool:
        folder = str(tmp_path_factory.mktemp("clean"))
        yield lambda name, count: pool.submit(_damaged, folder, name, count).result()


@cache
def _prepared(folder):
    spec = importlib.util.spec_from_file_location("fuzz", FUZZ)
    sys.modules["fuzz"] = fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    return fuzz, {kind.name: kind for kind in fuzz.kinds(Path(folder))}


def _damaged(folder, name, count):
    """Failures, opened and refused files of a kind; None where nothing that writes it is installed."""
    fuzz, kinds = _prepared(folder)
    if name not in kinds:
        return None
    found = fuzz.run_kind(kinds[name], count, seed=7, folder=Path(folder))
    return found.failures, found.opened, found.refused


@pytest.mark.parametrize("name", [*FILES, *COMMANDS])
def test_no_traceback_no_hang_no_death_and_no_row_that_vanishes(clean, name):
    count = COUNT // 10 if name in COMMANDS else COUNT
    found = clean(name, count)
    if found is None:
        pytest.skip(f"nothing that writes {name} is installed")
    failures, opened, refused = found
    assert failures == []
    assert opened + refused == count
    if name in FILES:
        assert refused > 0


@pytest.mark.parametrize("name", [*FILES, *COMMANDS])
def test_the_files_open_before_they_are_damaged(fuzz, kinds, folder, name):
    if name not in kinds:
        pytest.skip(f"nothing that writes {name} is installed")
    for content in kinds[name].seeds:
        path = folder / f"whole{kinds[name].suffix}"
        path.write_bytes(content)
        assert fuzz.outcome(kinds[name], path) == "opened"


def test_what_the_script_counts_as_failures(fuzz, folder):
    def broken(path):
        content = path.read_bytes()
        if len(content) % 3 == 0:
            raise KeyError("x")
        return "rows vanished" if len(content) % 3 == 1 else None

    kind = fuzz.Kind("broken", ".bin", [b"x" * 90], broken)
    found = fuzz.run_kind(kind, 20, seed=0, folder=folder)
    assert any("KeyError" in line for line in found.failures)
    assert any("rows vanished" in line for line in found.failures)
    assert len(found.failures) + found.opened == 20

    def dies(path):
        if len(path.read_bytes()) % 5 == 0:
            import os

            os._exit(9)

    found = fuzz.run_kind(fuzz.Kind("dies", ".bin", [b"x" * 90], dies), 10, seed=0, folder=folder)
    assert found.opened + len(found.failures) == 10


def test_the_same_seed_damages_alike(fuzz):
    content = bytes(range(200))
    one, two = (fuzz.mutated(content, random.Random(3)) for _ in range(2))  # noqa: S311
    assert one == two != content
