"""Models side by side on one machine: a process audits one at a time and is the only writer of its folder."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import torch

from fairaudit.audits.core.run import Session
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.zoo.outcome import crashed_row
from fairaudit.audits.zoo.shared import AuditedModel, Named, Shared, audited, cores
from fairaudit.config.options import RunOptions
from fairaudit.engine.slots import Crashed, Work, side_by_side
from fairaudit.errors import ExitCode
from fairaudit.report.zoo.row import ModelRow
from fairaudit.report.zoo.table import counted

_prepared: Final[list[Shared]] = []
_opened: Final[list[Session]] = []


def audited_by_processes(
    named: Sequence[Named], session: Session, *, baseline: Path | None, progress: Progress
) -> Iterator[ModelRow]:
    """Rows as models are done; a model that ends its process gets a row with the reason.

    Args:
        named: the models.
        session: the data and the settings; its loader has the file of decoded images, which the processes share.
        baseline: the baseline's file, which every process opens.
        progress: told of models, not of images.
    """
    jobs, options = min(session.options.jobs, len(named)), session.options
    shared = Shared.of(session, baseline)
    work: Work[Named, AuditedModel] = Work(
        call=_audited,
        prepare=_prepare,
        given=lambda number: (pickle.dumps(shared.placed(number, of=jobs)), max(1, cores() // jobs)),
        final=lambda code: _late(code, options),
    )
    answers = side_by_side(work, named, jobs=jobs)
    with progress.task(f"Auditing {counted(len(named))}, {jobs} side by side", total=len(named)) as advance:
        for number, (place, answer) in enumerate(answers, start=1):
            for note in _notes(named[place], answer, options):
                progress.note(note)
            yield _row(named[place], answer, options)
            advance(number, len(named), False)


def _row(named: Named, answer: AuditedModel | Crashed, options: RunOptions) -> ModelRow:
    if not isinstance(answer, Crashed):
        return answer.row
    late = answer.code is not None and _late(answer.code, options)
    return crashed_row(*named, answer.reason, timeout=options.timeout_per_batch if late else None)


def _notes(named: Named, answer: AuditedModel | Crashed, options: RunOptions) -> Sequence[str]:
    if isinstance(answer, Crashed):
        return (f"{named[1].name}: {_row(named, answer, options).worst_rule}",)
    return answer.notes


def _late(code: int, options: RunOptions) -> bool:
    """Whether a process ended itself because a batch took too long (`core.stream.watch`)."""
    return options.timeout_per_batch is not None and code == ExitCode.BAD_INPUT


def _prepare(shared: bytes, threads: int) -> None:
    """Keep what the process was given; bytes of this run's own, so that no tensor is shared by its memory."""
    torch.set_num_threads(threads)
    _prepared[:] = [pickle.loads(shared)]  # noqa: S301 (written by the process that started this one)


def _audited(named: Named) -> AuditedModel:
    if not _opened:  # here and not before, since an error here is told
        _opened.append(_prepared[0].session())
    return audited(_opened[0], named)
