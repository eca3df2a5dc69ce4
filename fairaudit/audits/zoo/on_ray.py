"""Models on a Ray cluster: a task is a model or some of its chunks, and the process that asks is the only writer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from fairaudit.audits.core.run import Session
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.stream import CHUNK_ROWS
from fairaudit.audits.zoo.outcome import crashed_row
from fairaudit.audits.zoo.piece import Brought, Piece, WorkerInput, compute, forget_pixels
from fairaudit.audits.zoo.shared import Named, Shared
from fairaudit.config.options import RunOptions
from fairaudit.engine.cluster import Calls, Cluster, Lost, joined
from fairaudit.engine.freight import packed, take_up
from fairaudit.engine.place import ready_store, store_file
from fairaudit.engine.seal import secret
from fairaudit.report.zoo.row import ModelRow
from fairaudit.report.zoo.table import counted
from fairaudit.results.strict_json import write_bytes

PIECES: Final = 4
"""Tasks per processor that a run is cut into at least, where models are fewer; so that none waits long at the end."""
SHORTEST: Final = 8
"""Chunks of a piece at least: opening the model again costs as much as some of them."""


def audited_on_ray(
    named: Sequence[Named], session: Session, *, baseline: Path | None, progress: Progress
) -> Iterator[ModelRow]:
    """Rows as models are done; a model that ends its worker twice gets a row with the reason.

    Workers write nothing but scratch files. What they find comes back through Ray's object store and is written here:
    chunks into the run stores, reports into their folders.

    Args:
        named: the models.
        session: the data and the settings.
        baseline: the baseline's file, which every worker opens.
        progress: shows models.
    """
    options = session.options
    with joined(options.address, processors=options.jobs if options.jobs > 1 else None) as cluster:
        calls = Calls(
            call=compute,
            shared=cluster.share(_given(session, baseline, cluster)),
            load=lambda piece: packed(store_file(options.output / piece.name, output=options.root or options.output)),
            gpus=options.gpus_per_model,
        )
        chunks = -(-len(session.material.manifest) // CHUNK_ROWS)
        board = _Board(named, cut(chunks, models=len(named), processors=cluster.processors), options)
        title = f"Auditing {counted(len(named))} on {cluster.processors} processors of Ray"
        try:
            with progress.task(title, total=len(named)) as advance:
                for piece, answer in cluster.answers(calls, board.todo):
                    row = board.taken(piece, answer, progress)
                    if row is not None:
                        yield row
                        advance(board.done, len(named), False)
        finally:
            if cluster.nodes > 1:
                cluster.everywhere(forget_pixels)


def cut(chunks: int, *, models: int, processors: int) -> list[range]:
    """Ranges of chunks that are tasks of their own; a single one where there are models enough to fill the cluster.

    >>> cut(100, models=50, processors=8)
    [range(0, 100)]
    >>> cut(100, models=2, processors=1)
    [range(0, 50), range(50, 100)]
    """
    pieces = max(1, min(chunks // SHORTEST, -(-PIECES * processors // models)))
    ends = [-(-number * chunks // pieces) for number in range(pieces + 1)]
    return [range(start, stop) for start, stop in pairwise(ends)]


class _Board:
    """Which pieces are still to be computed, and what is written when they come."""

    def __init__(self, named: Sequence[Named], ranges: Sequence[range], options: RunOptions) -> None:
        self._ranges, self._options = ranges, options
        self._missing = {name: len(ranges) for name, _ in named}
        self._ended: set[str] = set()
        self.todo: deque[Piece] = deque()
        for number, (name, model) in enumerate(named):
            self._fresh(name)
            first = ranges[0] if len(ranges) > 1 else None
            self.todo.append(Piece(name=name, model=model, chunks=first, number=number))

    @property
    def done(self) -> int:
        """Models that have a row."""
        return len(self._ended)

    def taken(self, piece: Piece, answer: Brought | Lost, progress: Progress) -> ModelRow | None:
        """Write what a piece brought, and ask for what follows it; the row of a model that is done."""
        if piece.name in self._ended:
            return None
        if isinstance(answer, Lost):
            row = crashed_row(piece.name, piece.model, answer.reason)
            progress.note(f"{piece.model.name}: {row.worst_rule}")
            self._ended.add(piece.name)
            return row
        if answer.audited is None:
            self._take_up(piece, answer)
            return None
        folder = self._options.output / piece.name
        for path, content in answer.files.items():
            write_bytes(folder / path, content)
        if answer.store is not None:
            write_store(self._store(piece.name), answer.store)
        for note in answer.audited.notes:
            progress.note(note)
        self._ended.add(piece.name)
        return answer.audited.row

    def _take_up(self, piece: Piece, answer: Brought) -> None:
        """Keep a piece's chunks; after the first piece, which brings the trials too, ask for the others."""
        if answer.store is not None:
            take_up(answer.store, self._store(piece.name))
        if self._missing[piece.name] == len(self._ranges):
            self.todo.extendleft(replace(piece, chunks=chunks) for chunks in reversed(self._ranges[1:]))
        self._missing[piece.name] -= 1
        if self._missing[piece.name] == 0:
            self.todo.appendleft(replace(piece, chunks=None))

    def _fresh(self, name: str) -> None:
        if self._options.fresh:
            self._store(name).unlink(missing_ok=True)

    def _store(self, name: str) -> Path:
        return ready_store(self._options.output / name, output=self._options.root or self._options.output)


def write_store(path: Path, content: bytes) -> None:
    """Replace a run store by one that holds all of it and more."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    write_bytes(path, content)


def _given(session: Session, baseline: Path | None, cluster: Cluster) -> WorkerInput:
    """What the workers share: on one machine also the file of decoded images, which lies on its disk."""
    shared = Shared.of(session, baseline)
    options = replace(shared.options, workers=1, jobs=1, fresh=False)
    recall = shared.recall if cluster.nodes == 1 else None  # files of this machine
    given = WorkerInput(
        shared=replace(shared, options=options, recall=recall),
        secret=secret(),
        folder=Path.cwd(),
        pixels=cluster.nodes > 1,
    )
    if given.pixels:
        session.material.loader.cache = None
    return given
