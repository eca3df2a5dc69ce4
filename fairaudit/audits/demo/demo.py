"""The demonstration: plant a shortcut, audit both models, and say whether the audit told them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairaudit.audits.core.run import run_models
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.joint import verdict as joint
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.demo.make import DemoPaths, Recipe, make_demo
from fairaudit.results.report import Report

SPURIOUS = ("unequal and for the wrong reason", "spurious but equal")
"""Verdicts that say that the model reads the necktie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """Both reports and what they show."""

    folder: Path
    biased: Report
    balanced: Report
    right: bool
    """Whether the shortcut was found in the one model and the other was cleared of it."""
    conclusion: Sequence[str]
    """What the audit found, in a line per model."""


def run_demo(folder: Path, *, seed: int, workers: int, progress: Progress, recipe: Recipe | None = None) -> DemoOutcome:
    """Draw the faces, train the models and audit the first with the second as comparison, then the second alone."""
    return audit_demo(_made(folder, seed=seed, recipe=recipe, progress=progress), workers=workers, progress=progress)


def audit_demo(paths: DemoPaths, *, workers: int, progress: Progress) -> DemoOutcome:
    """Audit the biased model with the other as comparison, then the other alone; reports lie beside the models."""
    folder = paths.folder
    biased = _audited(paths, paths.biased, paths.balanced, folder / "report", workers=workers, progress=progress)
    balanced = _audited(paths, paths.balanced, None, folder / "report-balanced", workers=workers, progress=progress)
    return concluded(folder, biased, balanced)


def concluded(folder: Path, biased: Report, balanced: Report) -> DemoOutcome:
    """What both reports show: whether the shortcut was found in the one model and the other was cleared of it."""
    found, cleared = verdict_on_necktie(biased), verdict_on_necktie(balanced)
    right = found == SPURIOUS[0] and cleared == "no evidence"
    return DemoOutcome(
        folder=folder,
        biased=biased,
        balanced=balanced,
        right=right,
        conclusion=[
            f"biased.pt (trained on faces whose necktie goes with the smile): {found}",
            f"balanced.pt (trained on faces whose necktie does not): {cleared}",
            "The audit found the planted shortcut and cleared the other model."
            if right
            else "The audit did not tell the two models apart as it should have: this demo failed.",
        ],
    )


def verdict_on_necktie(report: Report) -> str:
    """The joint verdict on the attribute necktie and the region necktie."""
    return next(v.verdict for v in report.verdicts if v.attribute == "necktie" and v.region == "necktie")


def _made(folder: Path, *, seed: int, recipe: Recipe | None, progress: Progress) -> DemoPaths:
    steps: dict[str, int] = {}

    def advance(step: str, done: int, total: int) -> None:
        if step not in steps:
            progress.note(f"{step} …")
        steps[step] = done
        del total

    return make_demo(folder, seed=seed, recipe=recipe, progress=advance)


def _audited(
    paths: DemoPaths, model: Path, baseline: Path | None, output: Path, *, workers: int, progress: Progress
) -> Report:
    config, base = load_config(None, folder=paths.folder, overrides={})
    (outcome,) = run_models(
        [model],
        baseline=baseline,
        config=config,
        base=base,
        options=RunOptions(output=output, workers=workers, formats=("md", "html"), command=("fairaudit", "demo")),
        plan=joint.PLAN,
        progress=progress,
    )
    if outcome.report is None:  # one model: its error would have been raised
        raise RuntimeError("the demonstration has no report")
    return outcome.report
