"""Models side by side: the bytes of one after the other, a row for a model that ends its process, and resuming."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest
import torch

from tests.cli.several_models import DEADLY, FAST, files, make_zoo

COUNT = 2


@pytest.fixture
def zoo(make_lab, tmp_path):
    """Two models and a broken file on two chunks of pictures."""
    lab = make_lab(tmp_path, 140)
    make_zoo(lab, COUNT)
    return lab


def test_side_by_side_is_one_after_the_other_and_a_death_is_a_row(zoo, monkeypatch):
    one = zoo.run("roi-metrics", "zoo", "-o", "one", "--baseline", "model.pt", *FAST)
    (zoo.folder / "deadly.py").write_text(DEADLY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(zoo.folder))
    import deadly

    torch.save(deadly.Deadly(), zoo.folder / "zoo" / "zzz.pt")
    sys.modules.pop("deadly")
    arguments = ("roi-metrics", "zoo", "-o", "two", "--baseline", "model.pt", "--trust-model", "--jobs", "2")
    two = zoo.run(*arguments, *FAST, quiet=False)
    assert two.code == one.code
    rows = {row["model"]: row for row in json.loads((zoo.folder / "two" / "summary.json").read_text())["models"]}
    assert rows["zzz"]["gate"] == rows["broken"]["gate"] == "not audited"
    assert "died" in rows["zzz"]["worst_rule"]
    assert "SIGKILL" in rows["zzz"]["worst_rule"]
    assert "broken.pt" in rows["broken"]["worst_rule"]
    assert "zzz.pt: " in two.err
    assert "4 of 4" in two.err
    whole, found = files(zoo.folder / "one"), files(zoo.folder / "two")
    summaries = {"index.html", "summary.csv", "summary.json", "summary.md"}  # these have a row more
    assert {name: found[name] for name in found if name not in summaries} == {
        name: whole[name] for name in whole if name not in summaries
    }


@pytest.mark.slow
def test_killed_at_a_random_moment_and_resumed(zoo):
    zoo.run("fairness", "zoo", "-o", "whole", *FAST)
    process = zoo.start("fairness", "zoo", "-o", "killed", "--jobs", "2", *FAST, "--quiet")
    deadline = time.monotonic() + 90
    while not list((zoo.folder / ".fairaudit" / "killed").glob("m*/run.sqlite")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(int.from_bytes(os.urandom(1)) / 256)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    zoo.run("fairness", "zoo", "-o", "killed", "--jobs", "2", *FAST)
    assert files(zoo.folder / "killed") == files(zoo.folder / "whole")


@pytest.mark.slow
def test_interrupted_in_a_line_and_nothing_goes_on(zoo):
    process = zoo.start("fairness", "zoo", "-o", "stopped", "--jobs", "2", *FAST, "--quiet")
    deadline = time.monotonic() + 90
    while not list((zoo.folder / ".fairaudit" / "stopped").glob("m*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, 3, 4)  # a fast machine is done before
    if process.returncode == 130:
        assert err.startswith("Interrupted. ")
        assert err.count("\n") == 1
