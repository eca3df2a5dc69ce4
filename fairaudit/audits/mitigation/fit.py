"""Fits every method under every seed, chooses λ where asked to, and keeps what was fitted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.mitigation.judge import Judge, columns, scaled_maps
from fairaudit.audits.mitigation.options import MitigateOptions, Select
from fairaudit.audits.mitigation.store import Fit, FitStore, Unit
from fairaudit.errors import FairauditError, UsageError, last_line
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.mitigation.edits import Edit, Noted, Weights
from fairaudit.mitigation.method import MitigationMethod
from fairaudit.mitigation.registry import CONTROL, METHODS
from fairaudit.mitigation.samples import DataPart
from fairaudit.ratio import ratio
from fairaudit.seeds import child_seed

VANILLA = "vanilla"
"""Name of the unchanged model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """Everything that was fitted."""

    vanilla: Fit
    by_method: dict[str, list[Fit]]
    """Method → a fit per seed, in the order of the table."""

    def working(self) -> dict[str, list[Fit]]:
        """The methods all of whose fits have an edit."""
        return {name: fits for name, fits in self.by_method.items() if all(fit.edit is not None for fit in fits)}


def fit_all(judge: Judge, asked: MitigateOptions, store: FitStore, progress: Progress) -> Fits:
    """Fit the control and every method under every seed; a method that fails is kept with its reason.

    Raises:
        UsageError: a method does not exist.
    """
    names = list(dict.fromkeys([CONTROL, *asked.methods]))
    methods = [METHODS[name] for name in names]
    vanilla = _kept(store, Unit(method=VANILLA, seed=0, strength=0.0), lambda unit: _vanilla(judge, unit))
    judge = replace(judge, vanilla=_vanilla_maps(judge))
    seeds = [judge.task.train.seed + number for number in range(asked.seeds)]
    found: dict[str, list[Fit]] = {name: [] for name in names}
    with progress.task("Mitigating", total=len(methods) * len(seeds)) as advance:
        done = 0
        for method in methods:
            strength = _strength(judge, method, asked, store)
            for seed in seeds:
                unit = Unit(method=method.name, seed=seed, strength=strength)
                resumed = store.path(unit).is_file()
                found[method.name].append(_kept(store, unit, lambda unit, m=method: fit_one(judge, m, unit)))  # type: ignore[misc]
                done += 1
                advance(done, len(methods) * len(seeds), resumed)
    for name, fits in found.items():
        for reason in dict.fromkeys(fit.reason for fit in fits if fit.reason):
            progress.note(f"{name}: {reason}")
    return Fits(vanilla=vanilla, by_method=found)


def fit_one(judge: Judge, method: MitigationMethod, unit: Unit) -> Fit:
    """Fit one method; whatever it raises becomes the reason of a row, and ends nothing."""
    train = replace(judge.task.train, seed=child_seed(unit.seed, "mitigate") % 2**31)
    task = replace(judge.task, strength=unit.strength, train=train)
    begun = time.perf_counter()
    try:
        made = method.fit(task)
        seconds = time.perf_counter() - begun
        edit, facts = (made.edit, made.facts) if isinstance(made, Noted) else (made, {})
        return Fit(unit=unit, edit=edit, facts=facts, columns=columns(judge, edit, method.name), seconds=seconds)
    except FairauditError as error:
        return Fit(unit=unit, reason=error.paragraph())
    except (RuntimeError, ValueError, ArithmeticError, LookupError, TypeError) as error:
        return Fit(unit=unit, reason=f"{type(error).__name__}: {last_line(error)}")


def choosing_counts(fit: Fit, part: DataPart) -> np.ndarray:
    """Counts [group, true, predicted] of a fit on the choosing part."""
    decisions = fit.columns["choose.decisions"].numpy()
    return confusion(
        part.attribute.numpy(), part.target.numpy(), decisions, groups=part.groups, classes=part.classes
    ).counts


def merit(counts: np.ndarray, select: Select, *, floor: float, before: float) -> tuple[float, float]:
    """How good a fit is on the choosing part: larger is better, (-inf, …) for one that must not win.

    A constant classifier, and one whose mean cell accuracy falls below that of the unchanged model less the floor,
    never win, whatever their gap. Cells without images are left out.

    Args:
        counts: [group, true, predicted].
        select: worst_cell or eo.
        floor: mean cell accuracy that may be lost.
        before: mean cell accuracy of the unchanged model.
    """
    cells = ratio(np.diagonal(counts, axis1=1, axis2=2), counts.sum(2))
    mean, worst = float(np.nanmean(cells)), float(np.nanmin(cells))
    decided = counts.sum((0, 1))
    if int((decided > 0).sum()) < 2 or mean < before - floor:
        return -np.inf, mean
    if select == "worst_cell":
        return worst, mean
    gap = float(disparity(counts, "equalized_odds_difference"))
    return (-np.inf if np.isnan(gap) else -gap), mean


def mean_cell(counts: np.ndarray) -> float:
    """Mean accuracy of the cells that have images."""
    return float(np.nanmean(ratio(np.diagonal(counts, axis1=1, axis2=2), counts.sum(2))))


def best(fits: Fits, part: DataPart, select: Select, floor: float) -> str | None:
    """The method to be written: the best on the choosing part, means over seeds; None where none may win."""
    before = mean_cell(choosing_counts(fits.vanilla, part))
    found = {}
    for name, each in fits.working().items():
        if "attribute at inference" in METHODS[name].given:
            continue  # a rule is no model
        merits = [merit(choosing_counts(fit, part), select, floor=floor, before=before) for fit in each]
        found[name] = (float(np.mean([m[0] for m in merits])), float(np.mean([m[1] for m in merits])))
    able = {name: value for name, value in found.items() if np.isfinite(value[0])}
    return max(able, key=lambda name: able[name]) if able else None


def _vanilla(judge: Judge, unit: Unit) -> Fit:
    edit = Weights(values={})
    return Fit(unit=unit, edit=edit, columns=columns(judge, edit, VANILLA))


def _vanilla_maps(judge: Judge) -> torch.Tensor | None:
    if judge.method is None or not judge.report.has_masks:
        return None
    return scaled_maps(judge, Weights(values={}), VANILLA)


def _kept(store: FitStore, unit: Unit, make: Callable[[Unit], Fit]) -> Fit:
    found = store.load(unit)
    if found is None:
        found = make(unit)
        store.save(found)
    return found


def _strength(judge: Judge, method: MitigationMethod, asked: MitigateOptions, store: FitStore) -> float:
    """λ as asked for, the method's own, or the best of a search on the choosing part under the first seed."""
    if asked.strength is not None and method.strengths:
        return asked.strength
    if not method.strengths or not (asked.search or asked.trials):
        return method.strength
    part = judge.task.choose
    vanilla = store.load(Unit(method=VANILLA, seed=0, strength=0.0)) or _vanilla(
        judge, Unit(method=VANILLA, seed=0, strength=0.0)
    )
    before = mean_cell(choosing_counts(vanilla, part))

    def value(strength: float) -> tuple[float, float]:
        unit = Unit(method=method.name, seed=judge.task.train.seed, strength=strength)
        fit = _kept(store, unit, lambda unit: fit_one(judge, method, unit))
        if fit.edit is None:
            return -np.inf, -np.inf
        return merit(choosing_counts(fit, part), asked.select, floor=asked.floor, before=before)

    if asked.trials:
        return _by_optuna(method, asked.trials, judge.task.train.seed, lambda strength: value(strength)[0])
    merits = {strength: value(strength) for strength in method.strengths}
    if all(each[0] == -np.inf for each in merits.values()):
        return method.strength
    return max(merits, key=lambda strength: merits[strength])


def _by_optuna(method: MitigationMethod, trials: int, seed: int, value: Callable[[float], float]) -> float:
    """A log-uniform search between the method's smallest and largest λ.

    Raises:
        UsageError: optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise UsageError(
            "A search by trials needs optuna", wanted="the extra hpo", advice='Run pip install "fairaudit[hpo]".'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed % 2**31))
    low, high = min(method.strengths), max(method.strengths)

    def objective(trial: optuna.Trial) -> float:
        found = value(trial.suggest_float("lambda", low, high, log=True))
        return found if np.isfinite(found) else -1e9

    study.optimize(objective, n_trials=trials)
    return float(study.best_params["lambda"])


def edit_of(fit: Fit) -> Edit:
    """The edit of a fit that has one."""
    if fit.edit is None:
        raise ValueError("the method failed")
    return fit.edit
