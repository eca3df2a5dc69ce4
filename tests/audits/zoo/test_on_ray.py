"""Which pieces a run is cut into, and what becomes of what comes back, without a cluster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.zoo.on_ray import SHORTEST, _Board, cut
from fairaudit.audits.zoo.outcome import crashed_row
from fairaudit.audits.zoo.piece import Brought
from fairaudit.audits.zoo.shared import AuditedModel
from fairaudit.config.options import RunOptions
from fairaudit.engine.cluster import Lost
from fairaudit.engine.freight import packed
from fairaudit.engine.part import Part
from fairaudit.engine.place import store_file
from fairaudit.engine.plan import Plan
from fairaudit.engine.store import RunStore

NAMED = [("a", Path("a.pt")), ("b", Path("b.pt"))]
PLAN = Plan(6, 1)


@pytest.mark.parametrize("chunks", [1, 7, 8, 79, 1000])
@pytest.mark.parametrize("models", [1, 3, 500])
@pytest.mark.parametrize("processors", [1, 2, 64])
def test_pieces_are_all_chunks_once_and_not_too_short(chunks, models, processors):
    pieces = cut(chunks, models=models, processors=processors)
    assert [number for piece in pieces for number in piece] == list(range(chunks))
    assert len(pieces) == 1 or min(map(len, pieces)) >= SHORTEST
    assert models < 4 * processors or len(pieces) == 1


def brought(tmp_path, chunks):
    """What a worker sends of some chunks."""
    path = tmp_path / f"part{chunks}"
    with RunStore.open(path, key={"model": "m"}) as store:
        store.pin(PLAN)
        for index in chunks:
            store.save(index, {"a": Part(sums={"s": np.array(index)})})
    return Brought(store=packed(path))


def test_a_model_in_pieces_is_begun_alone_and_reported_last(tmp_path):
    options = RunOptions(output=tmp_path / "out")
    ranges = [range(2), range(2, 4), range(4, 6)]
    board = _Board(NAMED, ranges, options)
    assert [(piece.name, piece.chunks) for piece in board.todo] == [("a", ranges[0]), ("b", ranges[0])]
    first = board.todo.popleft()
    assert board.taken(first, brought(tmp_path, ranges[0]), Silent()) is None
    assert [(piece.name, piece.chunks) for piece in board.todo] == [
        ("a", ranges[1]),
        ("a", ranges[2]),
        ("b", ranges[0]),
    ]
    for _ in ranges[1:]:
        piece = board.todo.popleft()
        board.taken(piece, brought(tmp_path, piece.chunks), Silent())
    last = board.todo.popleft()
    assert (last.name, last.chunks) == ("a", None)
    path = store_file(options.output / "a", output=options.output)
    with RunStore.open(path, key={"model": "m"}) as store:
        assert store.done() == set(range(6))
    row = crashed_row("a", Path("a.pt"), "x")
    answer = Brought(audited=AuditedModel(row=row, notes=()), files={"deep/report.json": b"{}"}, store=packed(path))
    assert board.taken(last, answer, Silent()) == row
    assert (options.output / "a" / "deep" / "report.json").read_bytes() == b"{}"
    assert board.done == 1


def test_a_lost_piece_is_a_row_and_what_comes_later_is_nothing(tmp_path):
    board = _Board(NAMED, [range(3), range(3, 6)], RunOptions(output=tmp_path / "out"))
    piece = board.todo.popleft()
    row = board.taken(piece, Lost(reason="The worker died unexpectedly"), Silent())
    assert row.gate == "not audited"
    assert "died unexpectedly" in row.worst_rule
    assert board.taken(piece, brought(tmp_path, range(3)), Silent()) is None
    assert [left.name for left in board.todo] == ["b"]


def test_fresh_forgets_what_the_stores_hold(tmp_path):
    options = RunOptions(output=tmp_path / "out", fresh=True)
    path = store_file(options.output / "a", output=options.output)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    _Board(NAMED, [range(6)], options)
    assert not path.exists()
