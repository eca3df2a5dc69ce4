"""Which group goes with which target value: from a training split or from pairs, never from the audited rows."""

import numpy as np
import pytest
from pydantic import ValidationError

from fairaudit.audits.core.study.alignment import UNTOLD, alignment, check_pairs
from fairaudit.audits.core.study.groups import intersection
from fairaudit.config.schema import Aligned
from fairaudit.data.categorical import Categorical
from fairaudit.data.training import Training
from fairaudit.errors import UsageError

SEEN = np.repeat([0, 1], 50)


def column(name, codes, values=("0", "1")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


SMILE, TIE = column("smile", SEEN), column("tie", SEEN)


def trained(codes, name="tie", values=("0", "1")):
    return Training(split="train", target=SMILE, attributes={name: column(name, codes, values)})


def test_nothing_is_taken_from_the_audited_rows():
    found = alignment(TIE, SMILE, aligned=None, training=None)
    assert (found.cells, found.training, found.reason) == (None, None, UNTOLD)


def test_a_split_says_it_even_against_the_audited_rows():
    found = alignment(TIE, SMILE, aligned=Aligned(split="train"), training=trained(1 - SEEN))
    assert found.cells.tolist() == [[False, True], [True, False]]
    assert found.training.tolist() == [[0, 50], [50, 0]]


def test_equal_names_pair_nothing():
    shades = column("tie", np.arange(3), values=("a", "b", "c"))
    target = column("smile", np.arange(3), values=("a", "b", "c"))
    assert alignment(shades, target, aligned=None, training=None).cells is None


def test_a_split_without_association_says_nothing():
    found = alignment(TIE, SMILE, aligned=Aligned(split="train"), training=trained(np.arange(100) % 2))
    assert found.cells is None
    assert "no group goes with a target value" in found.reason
    assert found.training.sum() == 100


def test_an_attribute_that_the_split_lacks_has_a_reason():
    found = alignment(column("hat", SEEN), SMILE, aligned=Aligned(split="train"), training=trained(SEEN))
    assert "no column hat" in found.reason


def test_intersections_are_counted_in_the_split():
    both = Training(split="train", target=SMILE, attributes={"tie": TIE, "hat": column("hat", 1 - SEEN)})
    grouping = intersection([TIE, column("hat", SEEN)])
    found = alignment(grouping, SMILE, aligned=Aligned(split="train"), training=both)
    assert found.training.tolist() == [[0, 0], [50, 0], [0, 50], [0, 0]]


def test_pairs_say_it_and_names_that_are_not_there_are_refused():
    found = alignment(TIE, SMILE, aligned=Aligned(pairs={"tie": {"1": "0"}}), training=None)
    assert found.cells.tolist() == [[False, False], [True, False]]
    assert "nothing about tie" in alignment(TIE, SMILE, aligned=Aligned(pairs={"hat": {}}), training=None).reason
    for pairs, words in (({"tie": {"2": "0"}}, 'group "2"'), ({"tie": {"1": "yes"}}, 'target value "yes"')):
        with pytest.raises(UsageError, match=words):
            alignment(TIE, SMILE, aligned=Aligned(pairs=pairs), training=None)


@pytest.mark.parametrize("given", [{}, {"split": "train", "pairs": {}}, {"split": "train", "rho": {"tie": 0.9}}])
def test_exactly_one_way_of_saying_it(given):
    with pytest.raises(ValidationError):
        Aligned(**given)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"tei": {"1": "1"}}, r'names the attribute "tei".*tie'),
        ({"tie": {"2": "1"}}, r'names the group "2".*Where: audit.aligned.pairs.tie'),
        ({"tie": {"1": "yes"}}, r'names the target value "yes"'),
    ],
)
def test_pairs_that_name_what_is_not_there_are_refused(pairs, words):
    with pytest.raises(UsageError, match=words):
        check_pairs(Aligned(pairs=pairs), [TIE], SMILE)


def test_pairs_that_fit_and_none_at_all_pass():
    for aligned in (None, Aligned(split="train"), Aligned(pairs={"tie": {"1": "1", "0": "0"}})):
        check_pairs(aligned, [TIE], SMILE)
    check_pairs(Aligned(pairs={"gone": {"1": "1"}}), [], None)  # without a label there is nothing to go with
