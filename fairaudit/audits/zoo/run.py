"""Audits many models, one after the other or side by side; what is kept of each is its folder and a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.ours import refuse_foreign
from fairaudit.audits.core.run import Session, report_names
from fairaudit.audits.core.stream.progress import Advance, Progress
from fairaudit.audits.zoo.board import FILES, Board
from fairaudit.audits.zoo.earlier import forget_report
from fairaudit.audits.zoo.finished import Finished
from fairaudit.audits.zoo.outcome import row_for
from fairaudit.audits.zoo.processes import audited_by_processes
from fairaudit.audits.zoo.shard import Shard, settings_of, write_shard
from fairaudit.audits.zoo.shared import Named
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.report.zoo.row import ModelRow


def run_zoo(
    models: Sequence[Path],
    *,
    baseline: Path | None,
    config: Config,
    base: Path,
    options: RunOptions,
    plan: AuditPlan,
    progress: Progress,
) -> list[ModelRow]:
    """Audit the models in order; rows in the same order. The page over all is rewritten after every model.

    Raises:
        FairauditError: the data or the baseline cannot be used, or a foreign file is where the page would go.
            A model that cannot be used is a row with its reason.
    """
    refuse_foreign(options.output, FILES)
    board = Board(options.output, title=title_of(config), page=page_of(options))
    forget_report(options.output)
    session = Session.open(baseline=baseline, config=config, base=base, options=options, plan=plan)
    names = report_names(models)
    named = list(zip(names, models, strict=True))
    if options.shard is not None:
        shard = Shard(index=options.shard[0], of=options.shard[1])
        named = shard.take(named)
        write_shard(options.output, shard, names, _settings(session))
    files = dict(named)
    with Finished.open(_settings(session), options) as finished, session.of_several() as session:
        board.rows += [row for name, model in named if (row := finished.row(name, model)) is not None]
        if board.rows:
            progress.note(f"{len(board.rows)} of {len(named)} models were finished by an earlier run.")
        done = {row.model for row in board.rows}
        left = [(name, model) for name, model in named if name not in done]
        for row in _rows(left, session, baseline=baseline, progress=progress):
            finished.keep(row, files[row.model])
            board.add(row)
    board.write()
    order = {name: place for place, (name, _) in enumerate(named)}
    return sorted(board.rows, key=lambda row: order[row.model])


def _rows(named: Sequence[Named], session: Session, *, baseline: Path | None, progress: Progress) -> Iterator[ModelRow]:
    """Rows as models are done."""
    if not named:
        return
    if session.options.executor == "ray":
        from fairaudit.audits.zoo.on_ray import audited_on_ray

        yield from audited_on_ray(named, session, baseline=baseline, progress=progress)
        return
    if session.options.jobs > 1 and len(named) > 1:
        yield from audited_by_processes(named, session, baseline=baseline, progress=progress)
        return
    numbered = Numbered(progress, total=len(named))
    for name, model in named:
        yield row_for(session.outcome(name, model, progress=numbered))
        numbered.next()


def _settings(session: Session) -> str:
    return settings_of(
        session.config,
        session.options,
        data=session.material.digest,
        baseline=None if session.baseline is None else session.baseline.sha256,
        metrics=sorted(session.plan.metrics),
    )


def title_of(config: Config) -> str:
    """What the models have in common: the manifest, or the dataset's folder."""
    manifest = config.data.manifest
    return Path(manifest if isinstance(manifest, str) else manifest.root).name


def page_of(options: RunOptions) -> str:
    """The file of a model's folder that a reader opens."""
    return "report.html" if "html" in options.formats else "report.json"


class Numbered:
    """A progress whose steps say which model of how many they are about."""

    def __init__(self, progress: Progress, *, total: int) -> None:
        self._progress, self._total, self._number = progress, total, 1

    def next(self) -> None:
        """The next model begins."""
        self._number += 1

    def task(self, title: str, *, total: int) -> AbstractContextManager[Advance]:
        """A step of the current model."""
        return self._progress.task(f"Model {self._number} of {self._total}: {title}", total=total)

    def note(self, text: str) -> None:
        """A note about the current model."""
        self._progress.note(f"Model {self._number} of {self._total}: {text}")
