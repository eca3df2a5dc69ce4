"""One decoding for all models of a run: counted, the same bytes with and without, and gone at the end."""

from __future__ import annotations

import signal
import time
from collections import Counter

import numpy as np
import pytest

from fairaudit.data import source
from tests.cli.several_models import write_models


def reports(folder):
    """Bytes of every file of a run, without each report's facts of its run."""
    import json

    found = {}
    for path in sorted(folder.rglob("*")):
        if path.name == "report.json":
            report = json.loads(path.read_text(encoding="utf-8"))
            found[str(path.relative_to(folder))] = json.dumps({**report, "run": None}).encode()
        elif path.suffix in (".csv", ".json", ".png") or path.name in ("summary.md", "index.html"):
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def test_every_image_is_decoded_once_and_the_reports_are_the_same(lab, monkeypatch):
    write_models(lab, 2)
    counts, real = Counter(), source.open_image

    def counted(path, *, upright=True):
        counts[path.name] += 1
        return real(path, upright=upright)

    monkeypatch.setattr(source, "open_image", counted)
    lab.run("roi-metrics", "zoo", "-o", "once", "--format", "csv", "--workers", "1")
    assert max(counts.values()) <= 2  # the first row is looked at for the size too
    assert sum(counts.values()) <= 24 + 1
    assert not list((lab.folder / ".fairaudit" / "once").glob("pixels-*"))
    counts.clear()
    lab.run("roi-metrics", "zoo", "-o", "each", "--format", "csv", "--cache", "0")
    assert max(counts.values()) >= 2
    assert reports(lab.folder / "once") == reports(lab.folder / "each")
    lab.run("roi-metrics", "zoo", "-o", "some", "--format", "csv", "--cache", "5K")
    assert reports(lab.folder / "some") == reports(lab.folder / "each")


def test_a_size_that_is_none(lab):
    lab.run("fairness", "model.pt", "--cache", "much").refused("--cache", "such as 2G")


@pytest.mark.slow
def test_killed_and_resumed_is_the_same(large_lab):
    """SIGKILL at a random moment, with half-written rows left behind; then the same command to its end."""
    write_models(large_lab, 2)
    arguments = ("fairness", "zoo", "--format", "csv", "--quiet", "-o")
    large_lab.run(*arguments[:-2], "-o", "whole")
    draw = np.random.default_rng(5)
    for _ in range(1):
        process = large_lab.start(*arguments, "killed")
        deadline = time.monotonic() + 60
        while not list((large_lab.folder / ".fairaudit" / "killed").glob("pixels-*")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    for path in (large_lab.folder / ".fairaudit" / "killed").glob("pixels-*"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)  # as after a loss of power
        path.write_bytes(content)
    large_lab.run(*arguments[:-2], "-o", "killed")
    assert reports(large_lab.folder / "killed") == reports(large_lab.folder / "whole")
    assert not list((large_lab.folder / ".fairaudit" / "killed").glob("pixels-*"))
