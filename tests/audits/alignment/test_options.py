"""Options of counterfactual alignment that cannot be used are refused before anything is opened."""

from pathlib import Path

import pytest

from fairaudit.audits.alignment.options import CfOptions, parse_find
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.errors import UsageError

CONFIG = Config.model_validate({"data": {"manifest": "t.csv"}})


def options(**asked):
    known = {"generator": Path("g.pt"), "config": CONFIG, "base_folder": Path()}
    return CfOptions(**{**known, **asked})


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"maker": "magic"}, "--maker cannot be"),
        ({"correction": "none at all"}, "--correction cannot be"),
        ({"animation": "avi"}, r"--animation cannot be.*gif, webp"),
        ({"generator": None}, "--generator FILE"),
        ({"maker": "wachter", "search": LadderSettings(direction="up")}, "can only lower scores"),
        ({"min_base_change": -0.1}, "a number from 0 to 1"),
        ({"min_base_change": 1.5}, "a number from 0 to 1"),
        ({"min_base_change": float("nan")}, "a number from 0 to 1"),
    ],
)
def test_refused(asked, words):
    with pytest.raises(UsageError, match=words):
        options(**asked)


def test_the_name_of_the_way_counterfactuals_are_made():
    assert options(generator=None, maker="wachter").method == "wachter"
    search = LadderSettings(direction="up")
    assert options(search=search).method == f"latent-shift-{search.search}-up"


def test_the_key_holds_what_changes_the_columns_and_no_more():
    key = options().key()
    assert options(find=(("a", "b"),), examples=9, correction="fdr", min_base_change=0.5).key() == key
    for changed in ({"base": ("x",)}, {"train_probe": ("hat",)}, {"generator_arch": "a:b"}, {"maker": "wachter"}):
        assert options(**changed).key() != key


def test_pairs():
    assert parse_find([" a , b ", "c,d"]) == (("a", "b"), ("c", "d"))
    for text in ("a", "a,", ",b", "a,b,c", " , "):
        with pytest.raises(UsageError, match="BASE,DOWNSTREAM"):
            parse_find([text])
