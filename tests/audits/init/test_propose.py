"""The proposal: which column is the target, which are compared, and when it must be asked."""

import numpy as np
import pytest

from fairaudit.audits.init.columns import Box, Columns
from fairaudit.audits.init.model import ModelFacts, Trial
from fairaudit.audits.init.propose import propose
from fairaudit.config.schema import PreprocessConfig
from fairaudit.data.categorical import Categorical
from fairaudit.errors import UsageError

N = 64
SMILING = np.arange(N) % 2
NECKTIE = np.arange(N) // 2 % 2


def column(name, codes, values=("0", "1")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


def columns(boxes=(), **codes):
    return Columns(
        image="file", id=None, split=None, use=None, cluster=None,
        boxes=tuple(Box(name=name, columns=("a", "b", "c", "d"), units="pixel") for name in boxes),
        categories={name: column(name, values) for name, values in codes.items()},
    )  # fmt: skip


def model(decisions, outputs=2, gap=0.0):
    first = Trial(scale="pixels in [0, 1]", preprocess=PreprocessConfig(), decisions=np.asarray(decisions), gap=gap)
    return ModelFacts(
        name="m.pt", format="torchscript", outputs=outputs, link="sigmoid", parameters=1, rows=np.arange(N),
        trials=(first,),
    )  # fmt: skip


def test_the_column_that_answers_go_with_is_the_target_and_said_to_be_assumed():
    found = propose(columns(smiling=SMILING, necktie=NECKTIE), model(SMILING))
    assert (found.target, found.attributes) == ("smiling", ("necktie",))
    assert "ASSUMED" in found.why_target


def test_a_shortcut_with_a_box_of_its_own_is_not_taken_for_the_target():
    """A model that reads neckties agrees with the necktie more than with the smile."""
    decisions = np.where(np.arange(N) % 8 == 0, SMILING, NECKTIE)
    found = propose(
        columns(boxes=["necktie"], smiling=np.where(np.arange(N) % 5, SMILING, NECKTIE), necktie=NECKTIE),
        model(decisions),
    )
    assert found.target == "smiling"
    assert (found.audited, found.audited_regions) == (("necktie",), ("necktie",))


def test_a_column_named_as_labels_are_comes_first():
    assert propose(columns(other=SMILING, label=NECKTIE), model(SMILING)).target == "label"


def test_what_is_given_is_taken():
    found = propose(columns(a=SMILING, b=NECKTIE, c=NECKTIE), model(SMILING), target="b", attributes=["a"])
    assert (found.target, found.attributes) == ("b", ("a",))


def test_answers_that_go_with_no_column_are_asked_about():
    noise = np.random.default_rng(0).integers(0, 2, N)
    with pytest.raises(UsageError, match="--target"):
        propose(columns(a=SMILING, b=NECKTIE), model(noise))


@pytest.mark.parametrize(
    ("given", "words"), [({"target": "smile"}, "smiling"), ({"target": "smiling", "attributes": ["tie"]}, "necktie")]
)
def test_a_wrong_name_lists_what_is_there(given, words):
    with pytest.raises(UsageError, match=words):
        propose(columns(smiling=SMILING, necktie=NECKTIE), model(SMILING), **given)


def test_a_model_with_more_answers_than_any_column_has_values():
    with pytest.raises(UsageError, match="multilabel"):
        propose(columns(smiling=SMILING, necktie=NECKTIE), model(SMILING, outputs=40))


def test_a_target_alone_has_nobody_to_compare():
    with pytest.raises(UsageError, match="compare groups"):
        propose(columns(smiling=SMILING), model(SMILING))


def test_without_statistics_the_scale_is_assumed():
    assert "ASSUMED" in propose(columns(a=SMILING, b=NECKTIE), model(SMILING, gap=None)).why_scale
