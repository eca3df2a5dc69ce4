"""Methods and numbers of `fairaudit mitigate`, or a sentence about them."""

import pytest

from fairaudit.cli.launch.mitigate import method_names, numbers
from fairaudit.errors import UsageError
from fairaudit.mitigation.registry import EVERY, SHORT


def test_names_once_each_in_order():
    assert method_names("dfr, afr,dfr") == ("dfr", "afr")
    assert method_names("all") == EVERY
    assert method_names("default") == SHORT
    for text in ("", " , "):
        with pytest.raises(UsageError, match="No mitigation method"):
            method_names(text)
    with pytest.raises(UsageError, match='"dfr"'):
        method_names("dfrr")
    with pytest.raises(UsageError):
        method_names("vanilla")


def test_numbers_in_ascending_order():
    assert numbers(None, option="--phi", most=1.0) == ()
    assert numbers("1,0,.5,0.5", option="--phi", most=1.0) == (0.0, 0.5, 1.0)
    assert numbers("1e9", option="--lambda", most=float("inf")) == (1e9,)


@pytest.mark.parametrize("text", ["", "a", "0,1.1", "-0.1", "nan", "1,"])
def test_other_numbers_are_refused(text):
    with pytest.raises(UsageError, match=r"--phi cannot be used.*numbers from 0 to 1"):
        numbers(text, option="--phi", most=1.0)
    with pytest.raises(UsageError, match="numbers of at least 0"):
        numbers("-1", option="--lambda", most=float("inf"))
