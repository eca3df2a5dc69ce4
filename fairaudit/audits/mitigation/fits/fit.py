"""Fits every method under every seed, chooses λ where asked to, and keeps what was fitted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.mitigation.fits.merit import Merit, choosing_counts, mean_cell, merit, pick, score_error
from fairaudit.audits.mitigation.fits.search import chosen_strength
from fairaudit.audits.mitigation.fits.store import Fit, FitStore, Unit
from fairaudit.audits.mitigation.judge import Judge, choosing, columns
from fairaudit.audits.mitigation.options import MitigateOptions, Select
from fairaudit.errors import FairauditError, last_line
from fairaudit.mitigation.edits import Edit, Noted, Weights
from fairaudit.mitigation.method import MitigationMethod
from fairaudit.mitigation.registry import CONTROL, METHODS
from fairaudit.mitigation.samples import DataPart
from fairaudit.seeds import child_seed

VANILLA = "vanilla"
"""Name of the unchanged model."""
UNCHANGED = Unit(method=VANILLA, seed=0, strength=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """Everything that was fitted."""

    vanilla: Fit
    by_method: dict[str, list[Fit]]
    """Method → a fit per seed, in the order of the table."""
    trials: dict[str, list[Fit]] = field(default_factory=dict)
    """Method → a fit per λ that was tried, under the first seed, in ascending order; only where several were."""

    def working(self) -> dict[str, list[Fit]]:
        """The methods all of whose fits have an edit."""
        return {name: fits for name, fits in self.by_method.items() if all(fit.edit is not None for fit in fits)}


def fit_all(judge: Judge, asked: MitigateOptions, store: FitStore, progress: Progress) -> Fits:
    """Fit the control and every method under every seed; a method that fails is kept with its reason.

    Raises:
        UsageError: a method does not exist.
    """
    methods = asked_methods(asked)
    names = [method.name for method in methods]
    vanilla = fit_vanilla(judge, store)
    judge = with_vanilla(judge)
    seeds = [judge.task.train.seed + number for number in range(asked.seeds)]

    def one(method: MitigationMethod, unit: Unit) -> Fit:
        return _kept(store, unit, lambda unit: fit_one(judge, method, unit))

    found: dict[str, list[Fit]] = {name: [] for name in names}
    trials: dict[str, list[Fit]] = {}
    with progress.task("Mitigating", total=len(methods) * len(seeds)) as advance:
        done = 0
        for method in methods:
            strength, tried = chosen_strength(method, asked, seeds[0], judge.task.choose, vanilla, partial(one, method))
            if len(tried) > 1:
                trials[method.name] = tried
            for seed in seeds:
                unit = Unit(method=method.name, seed=seed, strength=strength)
                resumed = store.path(unit).is_file()
                found[method.name].append(one(method, unit))
                done += 1
                advance(done, len(methods) * len(seeds), resumed)
    for name, fits in found.items():
        for reason in dict.fromkeys(fit.reason for fit in fits if fit.reason):
            progress.note(f"{name}: {reason}")
    return Fits(vanilla=vanilla, by_method=found, trials=trials)


def asked_methods(asked: MitigateOptions) -> list[MitigationMethod]:
    """The control, and the methods that are asked for.

    Raises:
        UsageError: a method does not exist.
    """
    return [METHODS[name] for name in dict.fromkeys([CONTROL, *asked.methods])]


def fit_one(judge: Judge, method: MitigationMethod, unit: Unit) -> Fit:
    """Fit one method; whatever it raises becomes the reason of a row, and ends nothing."""
    train = replace(judge.task.train, seed=child_seed(unit.seed, "mitigate") % 2**31)
    task = replace(judge.task, strength=unit.strength, train=train)
    begun = time.perf_counter()
    try:
        made = method.fit(task)
        seconds = time.perf_counter() - begun
        edit, facts = (made.edit, made.facts) if isinstance(made, Noted) else (made, {})
        return Fit(
            unit=unit,
            edit=edit,
            facts=facts,
            columns=columns(judge, edit),
            choosing=choosing(judge, edit),
            seconds=seconds,
        )
    except FairauditError as error:
        return Fit(unit=unit, reason=error.paragraph())
    except (RuntimeError, ValueError, ArithmeticError, LookupError, TypeError) as error:
        return Fit(unit=unit, reason=f"{type(error).__name__}: {last_line(error)}")


def best(fits: Fits, part: DataPart, select: Select, floor: float) -> str | None:
    """The method to be written: the best on the choosing part, means over seeds; None where none may win."""
    before = mean_cell(choosing_counts(fits.vanilla, part))
    found = {}
    for name, each in fits.working().items():
        if "attribute at inference" in METHODS[name].given:
            continue  # a rule is no model
        counts = [choosing_counts(fit, part) for fit in each]
        merits = np.array([merit(one, select, floor=floor, before=before) for one in counts])
        score, mean = merits.mean(0).tolist()
        # The seeds decide about the same images, so that their errors do not average out.
        error = float(np.mean([score_error(one, select) for one in counts])) if np.isfinite(score) else np.inf
        found[name] = Merit(score=score, error=error, mean=mean)
    return pick(found)


def fit_vanilla(judge: Judge, store: FitStore) -> Fit:
    """The unchanged model as a fit, from the store where it is there."""
    edit = Weights(values={})
    return _kept(
        store,
        UNCHANGED,
        lambda unit: Fit(unit=unit, edit=edit, columns=columns(judge, edit), choosing=choosing(judge, edit)),
    )


def with_vanilla(judge: Judge) -> Judge:
    """The judge with the unchanged model's maps, which those of every method are held against."""
    return replace(judge, vanilla=judge.maps(Weights(values={})))


def _kept(store: FitStore, unit: Unit, make: Callable[[Unit], Fit]) -> Fit:
    found = store.load(unit)
    if found is None:
        found = make(unit)
        store.save(found)
    return found


def edit_of(fit: Fit) -> Edit:
    """The edit of a fit that has one."""
    if fit.edit is None:
        raise ValueError("the method failed")
    return fit.edit
