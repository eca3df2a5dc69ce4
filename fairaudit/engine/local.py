"""The local runner: load the next chunk while this one is computed, save each, then merge in order from the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from fairaudit.engine.part import Part, merge
from fairaudit.engine.plan import Chunk, Plan
from fairaudit.engine.store import RunStore

T = TypeVar("T")
Progress = Callable[[int, int, bool], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedParts:
    """The merged parts of a whole run."""

    parts: dict[str, Part]
    """Name of the audit → its state over all chunks."""
    resumed_chunks: int
    """Chunks that an earlier run had finished."""
    computed_rows: int
    """Rows computed now."""
    seconds: float
    """Wall-clock time of computing them."""


def run_chunks(
    plan: Plan,
    load: Callable[[Chunk], T],
    compute: Callable[[Chunk, T], Mapping[str, Part]],
    store: RunStore,
    *,
    progress: Progress | None = None,
    begin: float = 0.0,
) -> MergedParts:
    """Compute every chunk that the store does not have, then merge all of them in order.

    The next chunk is loaded in a thread while this one is computed, so at most two loaded chunks are in memory. Each
    finished chunk is saved at once: whatever stops the run, the same call continues it. The result is always read back
    from the store, so a resumed run and an undisturbed one give the same bits.

    Args:
        plan: rows and chunks; a run in the store belongs to one plan.
        load: reads what a chunk needs; called in a thread, one chunk at a time.
        compute: turns a chunk and what was loaded into one part per audit; an audit may have none for a chunk.
        store: where finished chunks are kept.
        progress: called with the rows done, all rows, and whether they come from an earlier run.
        begin: share of the chunks that are left for last, so that processes side by side begin with different ones.

    Raises:
        StoreError: the store belongs to another plan, is damaged or is held by another process.
        OutputError: the store cannot be written; finished chunks are kept.
        ValueError: chunks disagree on the names or shapes inside a part.
    """
    chunks = plan.chunks()
    first = int(begin * len(chunks))
    started = time.perf_counter()
    computed = compute_chunks((*chunks[first:], *chunks[:first]), plan, load, compute, store, progress=progress)
    return MergedParts(
        parts=reduce(store, chunks),
        resumed_chunks=len(chunks) - len(computed),
        computed_rows=sum(chunk.rows for chunk in computed),
        seconds=time.perf_counter() - started,
    )


def compute_chunks(
    asked: Sequence[Chunk],
    plan: Plan,
    load: Callable[[Chunk], T],
    compute: Callable[[Chunk, T], Mapping[str, Part]],
    store: RunStore,
    *,
    progress: Progress | None = None,
) -> Sequence[Chunk]:
    """Compute and save those of the chunks that the store does not have, in this order; see `run_chunks`.

    Returns:
        The chunks that were computed.
    """
    store.pin(plan)
    finished = store.done()
    todo = [chunk for chunk in asked if chunk.index not in finished]
    done_rows = plan.rows - sum(chunk.rows for chunk in todo)
    report = progress or _silent
    if done_rows:
        report(done_rows, plan.rows, True)
    # closing: an error in compute must end the loading thread now, not when its traceback is forgotten.
    with closing(_prefetched(todo, load)) as work:
        for chunk, loaded in work:
            store.save(chunk.index, compute(chunk, loaded))
            done_rows += chunk.rows
            report(done_rows, plan.rows, False)
    return todo


def reduce(store: RunStore, chunks: Sequence[Chunk]) -> dict[str, Part]:
    """Merge the stored parts in chunk order, one audit after the other; one chunk's part at a time is in memory.

    A chunk of which no image could be read has no part of an audit; the audit's state is that of the other chunks.

    Raises:
        StoreError: a chunk is missing or damaged.
        ValueError: chunks disagree on the names or shapes inside a part.
    """
    held: dict[str, list[int]] = {}
    for chunk in chunks:
        for name in store.names(chunk.index):
            held.setdefault(name, []).append(chunk.index)
    return {name: merge(store.part(index, name) for index in indices) for name, indices in held.items()}


def _prefetched(chunks: Sequence[Chunk], load: Callable[[Chunk], T]) -> Generator[tuple[Chunk, T], None, None]:
    if not chunks:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="fairaudit-load") as executor:
        ahead: Future[T] = executor.submit(load, chunks[0])
        try:
            for chunk, following in zip(chunks, [*chunks[1:], None], strict=True):
                loaded = ahead.result()
                if following is not None:
                    ahead = executor.submit(load, following)
                yield chunk, loaded
                del loaded
        finally:
            ahead.cancel()


def _silent(_done: int, _total: int, _resumed: bool) -> None:
    return
