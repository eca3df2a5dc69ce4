"""Which λ a method gets: as asked for, its own, or the best of several on the choosing part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fairaudit.audits.mitigation.merit import choosing_counts, mean_cell, merit
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.store import Fit, Unit
from fairaudit.errors import UsageError
from fairaudit.mitigation.method import MitigationMethod
from fairaudit.mitigation.samples import DataPart


def chosen_strength(
    method: MitigationMethod,
    asked: MitigateOptions,
    seed: int,
    part: DataPart,
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
    values = asked.strengths or (method.strengths if asked.search else ())
    if not method.strengths:
        return method.strength, []
    if len(values) == 1:
        return values[0], []
    if not values and not asked.trials:
        return method.strength, []
    before = mean_cell(choosing_counts(vanilla, part))
    tried: dict[float, Fit] = {}

    def value(strength: float) -> tuple[float, float]:
        found = tried[strength] = fit(Unit(method=method.name, seed=seed, strength=strength))
        if found.edit is None:
            return -np.inf, -np.inf
        return merit(choosing_counts(found, part), asked.select, floor=asked.floor, before=before)

    if asked.trials:
        between = values or method.strengths
        best = _by_optuna((min(between), max(between)), asked.trials, seed, lambda strength: value(strength)[0])
    else:
        merits = {strength: value(strength) for strength in values}
        able = any(each[0] > -np.inf for each in merits.values())
        best = max(merits, key=lambda strength: merits[strength]) if able else _nearest(method.strength, values)
    return best, [tried[strength] for strength in sorted(tried)]


def _nearest(own: float, values: tuple[float, ...]) -> float:
    """Where no value may win, the one nearest to the method's own."""
    return min(values, key=lambda strength: abs(strength - own))


def _by_optuna(ends: tuple[float, float], trials: int, seed: int, value: Callable[[float], float]) -> float:
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

    def objective(trial: optuna.Trial) -> float:
        found = value(trial.suggest_float("lambda", *ends, log=True))
        return found if np.isfinite(found) else -1e9

    study.optimize(objective, n_trials=trials)
    return float(study.best_params["lambda"])
