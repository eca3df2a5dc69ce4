"""Which λ is taken: as asked for, the method's own, or the best that may win; optuna stays between the ends."""

import numpy as np
import pytest
import torch

from fairaudit.audits.mitigation.fits.search import chosen_strength
from fairaudit.audits.mitigation.fits.store import Fit, Unit
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.mitigation.edits import Weights
from fairaudit.mitigation.registry import METHODS
from fairaudit.mitigation.samples import InMemory, Samples

COUNT = 80


def part():
    target, attribute = torch.arange(COUNT) % 2, (torch.arange(COUNT) // 2) % 2
    return InMemory(samples=Samples(images=torch.zeros(COUNT, 1, 1, 1), target=target, attribute=attribute),
                    classes=2, groups=2)  # fmt: skip


def fit(unit, *, wrong):
    """A fit that is wrong on so many images of every cell."""
    target = part().target
    place = torch.arange(COUNT) // 4
    decisions = torch.where(place < wrong, 1 - target, target)
    return Fit(unit=unit, edit=Weights(values={}), choosing={"decisions": decisions})


def chosen(wrong, **asked):
    vanilla = fit(Unit(method="vanilla", seed=0, strength=0), wrong=5)
    options = MitigateOptions(methods=("eo-mi",), **asked)
    return chosen_strength(METHODS["eo-mi"], options, 0, part(), vanilla, lambda unit: fit(unit, wrong=wrong(unit)))


def test_one_value_is_taken_and_none_leaves_the_methods_own():
    assert chosen(lambda _: 0, strengths=(3.0,)) == (3.0, [])
    assert chosen(lambda _: 0) == (METHODS["eo-mi"].strength, [])


def test_the_best_of_several_wins_and_all_are_kept():
    strength, tried = chosen(lambda unit: abs(int(unit.strength) - 5), strengths=(1.0, 4.0, 5.0, 9.0))
    assert strength == 5.0
    assert [each.unit.strength for each in tried] == [1.0, 4.0, 5.0, 9.0]


def test_constants_never_win_and_where_nothing_may_the_nearest_is_taken():
    def constant(unit):
        found = fit(unit, wrong=0)
        if unit.strength > 1:
            found = Fit(unit=unit, edit=found.edit, choosing={"decisions": torch.ones(COUNT, dtype=torch.long)})
        return found

    vanilla = fit(Unit(method="vanilla", seed=0, strength=0), wrong=5)
    asked = MitigateOptions(methods=("eo-mi",), strengths=(1.0, 9.0), select="eo")
    assert chosen_strength(METHODS["eo-mi"], asked, 0, part(), vanilla, constant)[0] == 1.0
    asked = MitigateOptions(methods=("eo-mi",), strengths=(2.0, 11.0), select="eo")
    assert chosen_strength(METHODS["eo-mi"], asked, 0, part(), vanilla, constant)[0] == 11.0


def test_trials_search_between_the_ends():
    pytest.importorskip("optuna", reason="the extra hpo is not installed")
    strength, tried = chosen(lambda unit: int(abs(np.log(unit.strength))), strengths=(0.1, 100.0), trials=6)
    values = [each.unit.strength for each in tried]
    assert len(values) == 6
    assert min(values) >= 0.1
    assert max(values) <= 100
    assert int(abs(np.log(strength))) == min(int(abs(np.log(value))) for value in values)
