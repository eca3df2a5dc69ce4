"""The benchmark of a CUDA device, in miniature on the processor: its parts run and say what they measured."""

import sys
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


def once(work, _device, runs=3):
    """Seconds of the first run: nobody looks at them here."""
    assert runs >= 1
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.fixture
def gpu(script, monkeypatch):
    """The program; it imports the other benchmarks by name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    program = script(FOLDER / "gpu.py")
    monkeypatch.setattr(program, "seconds", once)
    yield program
    for name in ("cf_align", "gpu_audits", "gpu_row", "mitigate", "pruning", "regions", "saliency"):
        sys.modules.pop(name, None)


def test_parts_run_in_miniature(gpu, tmp_path):
    parts = "forward,relevance,regions"
    rows = gpu.main(["--device", "cpu", "--small", "--parts", parts, "--out", str(tmp_path / "gpu.json")])
    assert {row.part for row in rows} == set(parts.split(","))
    assert [row.figure for row in rows if row.what == "failed"] == []
    assert (tmp_path / "gpu.json").read_text().count('"what"') == len(rows)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["counterfactuals", "masks", "mitigation", "audits", "whole", "loading"])
def test_longer_parts_run_in_miniature(gpu, part):
    rows = gpu.main(["--device", "cpu", "--small", "--parts", part])
    assert rows
    assert [row.figure for row in rows if row.what == "failed"] == []


def test_parts_that_would_begin_too_late_are_rows(gpu):
    rows = gpu.main(["--device", "cpu", "--small", "--parts", "regions,loading", "--limit", "-1"])
    assert [(row.part, row.what) for row in rows] == [("regions", "not run"), ("loading", "not run")]


def test_a_part_that_fails_is_a_row(gpu, monkeypatch):
    def broken(_setting):
        raise RuntimeError("no such kernel")
        yield

    monkeypatch.setitem(gpu.PARTS, "regions", broken)
    (row,) = gpu.main(["--device", "cpu", "--small", "--parts", "regions"])
    assert (row.what, row.figure) == ("failed", "RuntimeError: no such kernel")
