"""What processes that audit models need of the one that opened the data."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.run import Session
from fairaudit.audits.core.study.recall import Recall
from fairaudit.audits.core.study.study import Material, open_classifier
from fairaudit.audits.zoo.outcome import KeptNotes, row_for
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.report.zoo.row import ModelRow

Named = tuple[str, Path]
"""A model's name and its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The settings and the data, opened once; the baseline is a network, and every process opens it again."""

    config: Config
    options: RunOptions
    plan: AuditPlan
    material: Material
    baseline: Path | None
    recall: Recall | None = None

    @classmethod
    def of(cls, session: Session, baseline: Path | None) -> Shared:
        """What can leave the process of a session."""
        session.material.examples()  # looked for once and not in every process
        return cls(
            config=session.config,
            options=session.options,
            plan=session.plan,
            material=session.material,
            baseline=baseline,
            recall=session.recall,
        )

    def placed(self, number: int, *, of: int) -> Shared:
        """The part of one of several processes: its device, its share of the threads, and where it begins.

        Args:
            number: place of the process, counted from 0.
            of: number of processes.
        """
        options = replace(
            self.options,
            device=device_of(number, self.options.device, count=torch.cuda.device_count()),
            workers=max(1, self.options.workers // of),
            begin=number / of,
            jobs=1,
        )
        return replace(self, options=options)

    def session(self) -> Session:
        """A session of the process that calls this."""
        compared = self.baseline
        return Session(
            config=self.config,
            options=self.options,
            plan=self.plan,
            material=self.material,
            baseline=None
            if compared is None
            else open_classifier(compared, config=self.config, material=self.material, options=self.options),
            recall=self.recall,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedModel:
    """What a process answers about a model."""

    row: ModelRow
    notes: tuple[str, ...]
    """Lines that the reader should see."""


def audited(session: Session, named: Named) -> AuditedModel:
    """Audit a model into its folder."""
    noted = KeptNotes()
    name, model = named
    row = row_for(session.outcome(name, model, progress=noted))
    return AuditedModel(row=row, notes=tuple(noted.notes))


def device_of(number: int, asked: str, *, count: int) -> str:
    """The device of one of several processes: CUDA devices in turn, unless one is named.

    >>> [device_of(number, "auto", count=2) for number in range(3)]
    ['cuda:0', 'cuda:1', 'cuda:0']
    >>> device_of(1, "cuda:0", count=2), device_of(1, "auto", count=0)
    ('cuda:0', 'auto')
    """
    return f"cuda:{number % count}" if asked in ("auto", "cuda") and count > 1 else asked


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
