"""Entries made from others: changes and contrasts keep what is still true, and say what is new."""

import pytest

from fairaudit.tables.entries.groups import GROUPS
from fairaudit.tables.entry import change_of, contrast_of


@pytest.mark.parametrize("entry", GROUPS, ids=lambda entry: entry.name)
def test_a_change_keeps_the_direction_and_has_no_change_as_chance(entry):
    change = change_of(entry)
    assert (change.name, change.better, change.chance) == (f"{entry.name}_change", entry.better, "0")
    assert change.audits == entry.audits
    assert change.sentence != entry.sentence


@pytest.mark.parametrize("entry", GROUPS, ids=lambda entry: entry.name)
def test_neither_way_of_a_contrast_is_better(entry):
    contrast = contrast_of(entry)
    assert (contrast.name, contrast.better, contrast.chance) == (f"{entry.name}_contrast", "none", "0")


def test_titles_begin_sentences_with_a_capital_and_keep_the_rest():
    auc = next(entry for entry in GROUPS if entry.name == "auc")
    assert change_of(auc).sentence.startswith("ROC area within the group of this model minus")


def test_advice_of_a_change_can_be_its_own():
    assert change_of(GROUPS[0], advice="Look twice.").advice == "Look twice."
