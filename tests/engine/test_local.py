import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.engine.local import run_chunks
from fairaudit.engine.part import Part
from fairaudit.engine.plan import Plan
from fairaudit.engine.store import RunStore
from fairaudit.errors import StoreError

KEY = {"model": "m"}


def load(chunk):
    return np.random.default_rng(chunk.index).normal(size=chunk.rows)


def compute(chunk, loaded):
    """Sums whose last bits depend on the order of adding."""
    codes = np.arange(chunk.start, chunk.stop) % 3
    return {
        "a": Part(sums={"n": np.bincount(codes, minlength=3), "s": np.bincount(codes, loaded, 3)}),
        "b": Part(columns={"value": loaded, "row": np.arange(chunk.start, chunk.stop)}),
    }


def frozen(outcome):
    return [
        (name, table, key, value.dtype.str, value.shape, value.tobytes())
        for name, part in outcome.parts.items()
        for table in ("sums", "columns")
        for key, value in getattr(part, table).items()
    ]


def undisturbed(folder, plan):
    with RunStore.open(folder / "undisturbed", key=KEY) as store:
        return run_chunks(plan, load, compute, store)


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(1, 40), chunk_rows=st.integers(1, 12), stops=st.lists(st.integers(0, 12), max_size=3))
def test_a_run_stopped_anywhere_gives_the_same_bits(tmp_path_factory, rows, chunk_rows, stops):
    folder, plan = tmp_path_factory.mktemp("run"), Plan(rows, chunk_rows)

    def stopping(after):
        count = iter(range(10**6))

        def work(chunk, loaded):
            if next(count) == after:
                raise KeyboardInterrupt
            return compute(chunk, loaded)

        return work

    for after in stops:
        with RunStore.open(folder / "store", key=KEY) as store:
            before = len(store.done())
            try:
                run_chunks(plan, load, stopping(after), store)
            except KeyboardInterrupt:
                assert len(store.done()) == before + after
    with RunStore.open(folder / "store", key=KEY) as store:
        kept = len(store.done())
        outcome = run_chunks(plan, load, compute, store)
    assert outcome.resumed_chunks == kept
    assert frozen(outcome) == frozen(undisturbed(folder, plan))


def test_the_parts_are_added_in_chunk_order_whatever_was_finished_first(tmp_path):
    plan = Plan(30, 4)
    with RunStore.open(tmp_path / "store", key=KEY) as store:
        store.pin(plan)
        for chunk in plan.chunks()[5:2:-1]:
            store.save(chunk.index, compute(chunk, load(chunk)))
        outcome = run_chunks(plan, load, compute, store)
    expected = np.zeros(3)
    for chunk in plan.chunks():
        expected = expected + compute(chunk, load(chunk))["a"].sums["s"]
    assert outcome.parts["a"].sums["s"].tobytes() == expected.tobytes()
    np.testing.assert_array_equal(outcome.parts["b"].columns["row"], np.arange(30))
    assert (outcome.resumed_chunks, outcome.computed_rows) == (3, 30 - 12)


def test_progress_counts_resumed_rows_first(tmp_path):
    plan, seen = Plan(10, 4), []
    with RunStore.open(tmp_path / "store", key=KEY) as store:
        store.pin(plan)
        store.save(2, compute(plan.chunks()[2], load(plan.chunks()[2])))
        run_chunks(plan, load, compute, store, progress=lambda *state: seen.append(state))
        assert seen == [(2, 10, True), (6, 10, False), (10, 10, False)]
        seen.clear()
        run_chunks(plan, load, compute, store, progress=lambda *state: seen.append(state))
        assert seen == [(10, 10, True)]


def test_the_next_chunk_is_loaded_while_this_one_is_computed(tmp_path):
    loaded_second = threading.Event()

    def slow_load(chunk):
        if chunk.index == 1:
            loaded_second.set()
        return load(chunk)

    def waiting(chunk, loaded):
        assert loaded_second.wait(5), "chunk 1 was not loaded while chunk 0 was computed"
        return compute(chunk, loaded)

    with RunStore.open(tmp_path / "store", key=KEY) as store:
        run_chunks(Plan(8, 4), slow_load, waiting, store)


def test_no_more_than_one_chunk_is_loaded_ahead(tmp_path):
    computed, ahead = [0], []

    def watching(chunk):
        ahead.append(chunk.index - computed[0])
        return load(chunk)

    def counting(chunk, loaded):
        time.sleep(0.002)
        computed[0] = chunk.index + 1
        return compute(chunk, loaded)

    with RunStore.open(tmp_path / "store", key=KEY) as store:
        run_chunks(Plan(40, 4), watching, counting, store)
    assert max(ahead) <= 1


@pytest.mark.parametrize("where", ["load", "compute"])
def test_an_error_keeps_finished_chunks_and_ends_the_thread(tmp_path, where):
    def failing(chunk, *_):
        if chunk.index == 2:
            raise ZeroDivisionError("row 9")
        return load(chunk) if where == "load" else compute(chunk, load(chunk))

    with RunStore.open(tmp_path / "store", key=KEY) as store:
        pair = (failing, compute) if where == "load" else (load, failing)
        with pytest.raises(ZeroDivisionError, match="row 9"):
            run_chunks(Plan(20, 4), *pair, store)
        assert store.done() == {0, 1}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fairaudit-load")]


def test_an_audit_without_a_part_in_some_chunk_is_merged_over_the_others(tmp_path):
    def uneven(chunk, loaded):
        parts = compute(chunk, loaded)
        return parts if chunk.index else {"a": parts["a"]}

    with RunStore.open(tmp_path / "uneven", key=KEY) as store:
        found = run_chunks(Plan(8, 4), load, uneven, store)
    assert found.parts["a"].sums["n"].sum() == 8
    np.testing.assert_array_equal(found.parts["b"].columns["row"], [4, 5, 6, 7])


def test_another_plan_on_the_same_run_is_refused(tmp_path):
    with RunStore.open(tmp_path / "store", key=KEY) as store:
        run_chunks(Plan(8, 4), load, compute, store)
        with pytest.raises(StoreError, match="another plan"):
            run_chunks(Plan(8, 2), load, compute, store)


CHILD = """
import sys, time
import numpy as np
from pathlib import Path
from fairaudit.engine.local import run_chunks
from fairaudit.engine.part import Part
from fairaudit.engine.plan import Plan
from fairaudit.engine.store import RunStore

def load(chunk):
    return np.random.default_rng(chunk.index).normal(size=chunk.rows)

def compute(chunk, loaded):
    time.sleep(0.003)
    codes = np.arange(chunk.start, chunk.stop) % 3
    return {
        "a": Part(sums={"n": np.bincount(codes, minlength=3), "s": np.bincount(codes, loaded, 3)}),
        "b": Part(columns={"value": loaded, "row": np.arange(chunk.start, chunk.stop)}),
    }

with RunStore.open(Path(sys.argv[1]), key={"model": "m"}) as store:
    print("open", flush=True)
    run_chunks(Plan(400, 4), load, compute, store)
"""


def test_kill_at_any_moment_loses_no_finished_chunk_and_no_bit(tmp_path):
    plan, draw, kills = Plan(400, 4), np.random.default_rng(0), 0
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, tmp_path / "store"], stdout=subprocess.PIPE, env={**os.environ}
        )
        child.stdout.readline()
        time.sleep(draw.uniform(0.0, 0.12))
        child.send_signal(signal.SIGKILL)
        kills += child.wait() == -signal.SIGKILL
        child.stdout.close()
    assert kills, "every child finished before it was killed"
    with RunStore.open(tmp_path / "store", key=KEY) as store:
        outcome = run_chunks(plan, load, compute, store)
    assert frozen(outcome) == frozen(undisturbed(tmp_path, plan))


def test_memory_stays_bounded_while_sums_are_merged(tmp_path):
    # 40 chunks of 1 MB of sums: the merge must hold a few of them, not all.
    import tracemalloc

    plan = Plan(40, 1)
    with RunStore.open(tmp_path / "store", key=KEY) as store:
        tracemalloc.start()
        outcome = run_chunks(plan, lambda c: c.index, lambda _, i: {"a": Part(sums={"s": np.full(131_072, i)})}, store)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert outcome.parts["a"].sums["s"][0] == sum(range(40))
    assert peak < 12 * 2**20


@pytest.mark.parametrize("begin", [0.0, 0.3, 0.5, 0.99])
def test_where_a_run_begins_changes_the_order_of_work_and_no_bit(tmp_path, begin):
    plan, order = Plan(23, 4), []

    def recorded(chunk):
        order.append(chunk.index)
        return load(chunk)

    with RunStore.open(tmp_path / "store", key=KEY) as store:
        outcome = run_chunks(plan, recorded, compute, store, begin=begin)
    first = int(begin * len(plan))
    assert order == [*range(first, len(plan)), *range(first)]
    assert frozen(outcome) == frozen(undisturbed(tmp_path, plan))
