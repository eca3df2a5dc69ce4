"""Which λ a method gets: as asked for, its own, or the best of several on the choosing part."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import cast

import numpy as np

from fairaudit.audits.mitigation.fits.merit import choosing_counts, mean_cell, merit
from fairaudit.audits.mitigation.fits.store import Fit, Unit
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.errors import UsageError
from fairaudit.mitigation.method import MitigationMethod
from fairaudit.mitigation.samples import Coded

Wave = list[Unit]
"""Units that do not wait for one another."""


def chosen_strength(
    method: MitigationMethod,
    asked: MitigateOptions,
    seed: int,
    part: Coded,
    vanilla: Fit,
    fit: Callable[[Unit], Fit],
) -> tuple[float, list[Fit]]:
    """λ, and the fits of all values that were tried under the first seed, in ascending order.

    Args:
        method: whose λ it is.
        asked: the values to try, and what the best is chosen by.
        seed: the first seed.
        part: the choosing part.
        vanilla: the unchanged model, whose mean cell accuracy the floor is measured from.
        fit: fits a unit, or finds it stored.

    Raises:
        UsageError: trials are asked for and optuna is not installed.
    """
    waves = tried_strengths(method, asked, seed, part, vanilla)
    fits: list[Fit] | None = None
    while True:
        try:
            units = next(waves) if fits is None else waves.send(fits)
        except StopIteration as end:
            return cast("tuple[float, list[Fit]]", end.value)
        fits = [fit(unit) for unit in units]


def tried_strengths(
    method: MitigationMethod, asked: MitigateOptions, seed: int, part: Coded, vanilla: Fit
) -> Generator[Wave, list[Fit], tuple[float, list[Fit]]]:
    """The same, asking for fits wave by wave: a grid is one wave, every trial of optuna one of its own.

    Args:
        method: whose λ it is.
        asked: the values to try, and what the best is chosen by.
        seed: the first seed.
        part: the choosing part.
        vanilla: the unchanged model.

    Raises:
        UsageError: trials are asked for and optuna is not installed.
    """
    values = asked.strengths or (method.strengths if asked.search else ())
    if not method.strengths:
        return method.strength, []
    if len(values) == 1:
        return values[0], []
    if not values and not asked.trials:
        return method.strength, []
    before = mean_cell(choosing_counts(vanilla, part))
    tried: dict[float, Fit] = {}

    def merits(strengths: Sequence[float]) -> Generator[Wave, list[Fit], list[tuple[float, float]]]:
        fits = yield [Unit(method=method.name, seed=seed, strength=strength) for strength in strengths]
        tried.update(zip(strengths, fits, strict=True))
        return [
            (-np.inf, -np.inf)
            if found.edit is None
            else merit(choosing_counts(found, part), asked.select, floor=asked.floor, before=before)
            for found in fits
        ]

    if asked.trials:
        between = values or method.strengths
        best = yield from _by_optuna((min(between), max(between)), asked.trials, seed, merits)
    else:
        found = dict(zip(values, (yield from merits(values)), strict=True))
        able = any(each[0] > -np.inf for each in found.values())
        best = max(found, key=lambda strength: found[strength]) if able else _nearest(method.strength, values)
    return best, [tried[strength] for strength in sorted(tried)]


def _nearest(own: float, values: tuple[float, ...]) -> float:
    """Where no value may win, the one nearest to the method's own."""
    return min(values, key=lambda strength: abs(strength - own))


def _by_optuna(
    ends: tuple[float, float],
    trials: int,
    seed: int,
    merits: Callable[[Sequence[float]], Generator[Wave, list[Fit], list[tuple[float, float]]]],
) -> Generator[Wave, list[Fit], float]:
    """A log-uniform search between two values of λ.

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
    for _ in range(trials):
        trial = study.ask()
        ((found, _mean),) = yield from merits([trial.suggest_float("lambda", *ends, log=True)])
        study.tell(trial, found if np.isfinite(found) else -1e9)
    return float(study.best_params["lambda"])
