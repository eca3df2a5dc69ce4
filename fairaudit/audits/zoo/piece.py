"""What a worker of a cluster does: a model, or some of its chunks, in a scratch folder that nobody else sees."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from fairaudit.audits.core.run import Session, map_part
from fairaudit.audits.core.study.decoded import PREFIX, decoded_once
from fairaudit.audits.zoo.shared import AuditedModel, Shared, audited
from fairaudit.data.row_cache import forget
from fairaudit.engine.cluster import fetched
from fairaudit.engine.expected import as_expected
from fairaudit.engine.freight import forget_chunks, held_chunks, packed, unpacked
from fairaudit.engine.place import ready_store
from fairaudit.engine.seal import seal_as

if TYPE_CHECKING:
    import ray

OWN_PIXELS: Final = "fairaudit-ray"
"""Folder for decoded images below the machine's folder for temporary files, where a cluster has several machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInput:
    """What all workers share."""

    shared: Shared
    """Settings and data."""
    secret: bytes
    """What run stores are sealed with."""
    folder: Path
    """Working folder that paths are relative to, which every machine has."""
    pixels: bool
    """Whether every machine decodes into a file of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One task."""

    name: str
    """The model's."""
    model: Path
    """Its file."""
    chunks: range | None
    """Chunks to compute; None for whatever is missing, and the report."""
    number: int
    """The model's place among all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a task brings back."""

    audited: AuditedModel | None = None
    """The model's row; None for a piece of it."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The report's folder."""
    store: bytes | None = None
    """The run store, of a piece only what is new in it."""


@dataclass(slots=True)
class _Worker:
    """What a worker keeps from one task to the next."""

    session: Session | None = None
    of: str = ""
    """Which shared value the session was made of."""
    files: ExitStack = field(default_factory=ExitStack)


_worker: Final = _Worker()


def compute(shared: list[ray.ObjectRef], piece: Piece, held: bytes | None) -> Brought:
    """Compute a piece.

    Args:
        shared: `WorkerInput`, in the object store.
        piece: what to compute.
        held: run store with what is known already.
    """
    session = _session(shared)
    with tempfile.TemporaryDirectory(prefix="fairaudit-") as scratch:
        output = Path(scratch).resolve() / "out"
        # Tasks that begin together decode different images first.
        options = replace(session.options, output=output, root=None, begin=piece.number % 8 / 8)
        return _computed(replace(session, options=options), piece, held, output / piece.name)


def _computed(session: Session, piece: Piece, held: bytes | None, folder: Path) -> Brought:
    store = ready_store(folder, output=session.options.output)
    if held is not None:
        unpacked(held, store)
    if piece.chunks is None:
        answer = audited(session, (piece.name, piece.model))
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return Brought(audited=answer, files=files, store=packed(store))
    known = held_chunks(store)
    try:
        map_part(session.study(piece.model), session.plan, piece.chunks, folder=folder)
    except Exception as error:
        if as_expected(error) is None:
            raise  # what is expected comes up again in the last task, which tells it
    if store.is_file():
        forget_chunks(store, known)
    return Brought(store=packed(store))


def _session(shared: list[ray.ObjectRef]) -> Session:
    """The session of this worker, opened once for all its tasks."""
    if _worker.session is None or _worker.of != shared[0].hex():
        _worker.files.close()
        torch.set_num_threads(1)  # a task has one processor
        given: WorkerInput = fetched(shared)
        seal_as(given.secret)
        os.chdir(given.folder)
        if given.pixels:
            folder = Path(tempfile.gettempdir()) / OWN_PIXELS
            limit = given.shared.options.cache
            _worker.files.enter_context(decoded_once(given.shared.material, folder, limit=limit, keep=True))
        _worker.session, _worker.of = given.shared.session(), shared[0].hex()
    return _worker.session


def forget_pixels() -> None:
    """Remove the file of decoded images of this machine."""
    for path in (Path(tempfile.gettempdir()) / OWN_PIXELS).glob(f"{PREFIX}*"):
        forget(path)
