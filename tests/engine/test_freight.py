"""Parts of a run computed in other stores and taken up into one: the same bits, nothing twice, nothing believed."""

from __future__ import annotations

import sqlite3
from itertools import pairwise

import numpy as np
import pytest

from fairaudit.engine.freight import forget_chunks, held_chunks, packed, take_up, unpacked
from fairaudit.engine.local import compute_chunks, reduce, run_chunks
from fairaudit.engine.part import Part
from fairaudit.engine.plan import Plan
from fairaudit.engine.store import RunStore
from fairaudit.errors import StoreError

KEY, PLAN = {"model": "m"}, Plan(40, 4)


def load(chunk):
    return np.random.default_rng(chunk.index).normal(size=chunk.rows)


def compute(_chunk, loaded):
    return {"a": Part(sums={"s": loaded.sum()}, columns={"value": loaded})}


def bits(parts):
    return [parts["a"].sums["s"].tobytes(), parts["a"].columns["value"].tobytes()]


@pytest.mark.parametrize("seed", range(4))
def test_chunks_computed_elsewhere_in_any_order_are_the_run(tmp_path, seed):
    with RunStore.open(tmp_path / "whole", key=KEY) as store:
        whole = run_chunks(PLAN, load, compute, store).parts
    draw, own = np.random.default_rng(seed), tmp_path / "own"
    with RunStore.open(own, key=KEY) as store:
        compute_chunks(PLAN.chunks()[:3], PLAN, load, compute, store)
    held = packed(own)
    cuts = sorted({0, len(PLAN), *draw.integers(1, len(PLAN), 3).tolist()})
    came = []
    for number, (start, stop) in enumerate(pairwise(cuts)):
        path = tmp_path / f"part{number}"
        unpacked(held, path)
        known = held_chunks(path)
        assert len(known) == 3
        with RunStore.open(path, key=KEY) as store:
            compute_chunks(PLAN.chunks()[start:stop], PLAN, load, compute, store)
        forget_chunks(path, known)
        came.append(packed(path))
    draw.shuffle(came)
    added = [take_up(content, own) for content in (*came, came[0])]
    assert sum(added) == len(PLAN) - 3
    assert added[-1] == 0
    with RunStore.open(own, key=KEY) as store:
        assert store.done() == set(range(len(PLAN)))
        assert bits(reduce(store, PLAN.chunks())) == bits(whole)


def test_a_changed_number_is_found_when_it_is_read(tmp_path):
    with RunStore.open(tmp_path / "part", key=KEY) as store:
        run_chunks(PLAN, load, compute, store)
    with sqlite3.connect(tmp_path / "part") as connection:
        connection.execute("UPDATE array SET content = zeroblob(length(content)) WHERE chunk = 2")
    connection.close()
    take_up(packed(tmp_path / "part"), tmp_path / "own")
    with RunStore.open(tmp_path / "own", key=KEY) as store, pytest.raises(StoreError):
        reduce(store, PLAN.chunks())


def test_bytes_that_are_no_store_and_stores_that_are_not_there(tmp_path):
    assert packed(tmp_path / "none") is None
    assert held_chunks(tmp_path / "none") == frozenset()
    with pytest.raises(StoreError):
        take_up(b"no store at all" * 100, tmp_path / "own")
    assert not (tmp_path / "own").exists()
    with RunStore.open(tmp_path / "part", key=KEY) as store:
        run_chunks(PLAN, load, compute, store)
    content = bytearray(packed(tmp_path / "part"))
    content[63] += 1
    with pytest.raises(StoreError, match="another version"):
        take_up(bytes(content), tmp_path / "own")


def test_a_store_that_comes_where_none_is_becomes_it_and_one_that_is_there_is_added_to(tmp_path, monkeypatch):
    with RunStore.open(tmp_path / "part", key=KEY) as store:
        whole = run_chunks(PLAN, load, compute, store).parts
    content, flushed = packed(tmp_path / "part"), []
    monkeypatch.setattr("os.fsync", flushed.append)
    assert take_up(content, tmp_path / "own") == len(PLAN)
    assert len(flushed) == 1  # SQLite would wait for the disk thirteen times
    assert take_up(content, tmp_path / "own") == 0
    with RunStore.open(tmp_path / "other", key={**KEY, "seed": "1"}) as store:
        store.pin(PLAN)
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    assert take_up(content, tmp_path / "without-links") == len(PLAN)
    assert take_up(content, tmp_path / "other") == len(PLAN)
    for name in ("own", "without-links", "other"):
        with RunStore.open(tmp_path / name, key=KEY) as store:
            assert bits(reduce(store, PLAN.chunks())) == bits(whole)
