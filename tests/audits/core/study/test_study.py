"""What is audited, by name: all that there is, or what was asked for."""

import pytest

from fairaudit.audits.core.study.study import MOST_CANDIDATES, audited, require_attributes, wanted_regions
from fairaudit.config.schema import Config
from fairaudit.errors import UsageError

KNOWN = {"hat": 0, "necktie": 1}


@pytest.mark.parametrize(
    ("asked", "names"),
    [(None, ["hat", "necktie"]), ("hat", ["hat"]), (["necktie", "hat"], ["necktie", "hat"]), ([], [])],
)
def test_names(asked, names):
    assert audited(asked, KNOWN, kind="attribute") == names


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r'no attribute called "neckti".*"necktie"'):
        audited(["hat", "neckti"], KNOWN, kind="attribute")


def test_without_groups_columns_that_could_be_meant_are_named():
    require_attributes(["hat"], [], where="t.csv")
    with pytest.raises(UsageError, match="Columns that could be meant: c0, c1") as caught:
        require_attributes([], [f"c{i}" for i in range(20)], where="t.csv")
    assert f"c{MOST_CANDIDATES - 1}." in str(caught.value)
    with pytest.raises(UsageError, match="No other column has a few values"):
        require_attributes([], [], where="t.csv")


def test_a_region_brings_those_that_it_is_made_of():
    box = {"box": [0, 0, 1, 1]}
    regions = {"unused": box, "eye": box, "mouth": box, "face": {"union": ["eye", "mouth"]}}
    regions["rest"] = {"complement": "face"}
    config = Config.model_validate({"data": {"manifest": "t.csv"}, "regions": regions, "audit": {"region": ["rest"]}})
    assert wanted_regions(config) == ["eye", "mouth", "face", "rest"]
