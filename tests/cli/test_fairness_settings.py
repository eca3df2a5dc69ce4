"""Options of `fairaudit fairness`: columns by their meaning, and options that do not go together."""

from pathlib import Path

import pytest

from fairaudit.cli.fairness_settings import TableOptions, asking
from fairaudit.cli.settings import Asked
from fairaudit.cli.shared import Request
from fairaudit.config.options import RunOptions
from fairaudit.errors import UsageError

NOTHING = {"truth": None, "prediction": None, "scores": None, "baseline": None, "id": None, "weight": None}


def request(**asked):
    return Request(asked=Asked(**asked), options=RunOptions(), quiet=True, as_json=False, dry_run=False)


def test_columns_by_their_meaning():
    options = TableOptions(**{**NOTHING, "truth": "y", "scores": ["a,b", "c"], "weight": "w"})
    found = options.columns(attributes=["hat"], controls=["age"], cluster="person", classes=["0,1", "2"])
    assert (found.truth, found.scores, found.classes, found.weight) == ("y", ("a", "b", "c"), ("0", "1", "2"), "w")
    assert (found.attributes, found.controls, found.cluster) == (("hat",), ("age",), "person")
    assert options.columns(attributes=[], controls=[], cluster=None, classes=None).classes is None
    with pytest.raises(UsageError, match="--truth COLUMN"):
        TableOptions(**NOTHING).columns(attributes=[], controls=[], cluster=None, classes=None)


def test_a_table_and_a_model_are_not_audited_at_once():
    TableOptions(**NOTHING).check_with_table(None, None)
    with pytest.raises(UsageError, match=r"at once.*m\.pt"):
        TableOptions(**NOTHING).check_with_table([Path("m.pt")], None)
    with pytest.raises(UsageError, match="--baseline-prediction"):
        TableOptions(**NOTHING).check_with_table([], Path("b.pt"))


@pytest.mark.parametrize(
    ("name", "option"),
    [("truth", "--truth"), ("prediction", "--prediction"), ("scores", "--score"), ("baseline", "--baseline-prediction"),
     ("id", "--id"), ("weight", "--weight")],
)  # fmt: skip
def test_columns_of_a_table_need_one(name, option):
    TableOptions(**NOTHING).check_without_table()
    with pytest.raises(UsageError, match=f"{option} is about a table"):
        TableOptions(**{**NOTHING, name: ["x"] if name == "scores" else "x"}).check_without_table()


@pytest.mark.parametrize("level", [0.5, 1.0, 95.0, float("nan")])
def test_a_level_that_is_no_coverage(level):
    with pytest.raises(UsageError, match="--level cannot be used"):
        asking(request(), audit={"level": level}, cluster=None, against=None)


def test_options_go_over_the_configuration():
    found = asking(request(), audit={"level": 0.9}, cluster="person", against=Path("old"))
    assert found.asked.extra == {"audit": {"level": 0.9}, "data": {"cluster": "person"}}
    assert found.options.against == Path("old")
    assert asking(request(), audit={}, cluster=None, against=None).asked.extra == {}


def test_without_a_configuration_the_control_is_an_attribute_of_the_data():
    asked = request(data=Path("t.csv"), attributes=["hat", "age"])
    found = asking(asked, audit={"control": ["age", "sex"]}, cluster=None, against=None)
    assert found.asked.extra["data"]["attributes"] == ["hat", "age", "sex"]
