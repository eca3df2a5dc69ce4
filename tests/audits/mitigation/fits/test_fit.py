"""The best of many fits, and what a failure and an edit that is missing are."""

from types import SimpleNamespace

import pytest
import torch

from fairaudit.audits.mitigation.fits.fit import UNCHANGED, Fits, best, edit_of
from fairaudit.audits.mitigation.fits.store import Fit, Unit
from fairaudit.mitigation.edits import Weights

TARGET, ATTRIBUTE = torch.tensor([0, 0, 1, 1] * 25), torch.tensor([0, 1] * 50)
PART = SimpleNamespace(target=TARGET, attribute=ATTRIBUTE, classes=2, groups=2)
EDIT = Weights(values={})


def fit(name, wrong, *, seed=0, failed=False):
    """Decisions of which every `wrong`-th of one cell is wrong; 0 for none."""
    decisions = TARGET.clone()
    cell = torch.nonzero((TARGET == 1) & (ATTRIBUTE == 1))[:, 0]
    if wrong:
        decisions[cell[::wrong]] = 0
    return Fit(unit=Unit(method=name, seed=seed, strength=0.0), edit=None if failed else EDIT,
               reason="no" if failed else "", choosing={"decisions": decisions})  # fmt: skip


def fits(**by_method):
    vanilla = Fit(unit=UNCHANGED, edit=EDIT, choosing=fit("vanilla", 2).choosing)
    return Fits(vanilla=vanilla, by_method=by_method)


def test_the_best_has_the_best_worst_cell_and_did_not_fail():
    found = fits(afr=[fit("afr", 2)], dfr=[fit("dfr", 0)], leace=[fit("leace", 0, failed=True)])
    assert best(found, PART, "worst_cell", 0.02) == "dfr"
    assert set(found.working()) == {"afr", "dfr"}


def test_a_method_works_only_where_every_seed_does():
    assert fits(a=[fit("a", 0), fit("a", 0, seed=1, failed=True)]).working() == {}


def test_where_none_may_win_there_is_none():
    constant = fit("a", 0)
    constant = Fit(unit=constant.unit, edit=EDIT, choosing={"decisions": torch.zeros(100, dtype=torch.long)})
    assert best(fits(dfr=[constant]), PART, "worst_cell", 0.02) is None


def test_an_edit_that_is_missing_is_an_error_of_ours():
    assert edit_of(fit("a", 0)) is EDIT
    with pytest.raises(ValueError):
        edit_of(fit("a", 0, failed=True))
