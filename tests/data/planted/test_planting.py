"""Which value every row gets: exact shares whatever decimal they were written as, and uniform others."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from fairaudit.config.schema import Bias
from fairaudit.data.planted.planting import brought, draw_values, free_name, target_for
from fairaudit.errors import DataError


def test_others_are_uniform_over_more_values_than_classes():
    drawn = draw_values(np.zeros(6000, np.int32), 0.0, values=4, use="x", seed=0)
    assert stats.chisquare(np.bincount(drawn)[1:]).pvalue > 0.001
    assert (drawn > 0).all()


@pytest.mark.parametrize(
    ("rho", "aligned"), [(0.995, 995), (0.1, 100), (0.9999, 999), (0.0, 0), (1.0, 1000), (0.29, 290)]
)
def test_a_share_is_the_decimal_it_was_written_as(rho, aligned):
    drawn = draw_values(np.full(1000, 2, np.int32), rho, values=4, use="x", seed=0)
    assert (drawn == 2).sum() == aligned


def test_rows_without_a_class_get_none_and_two_biases_are_drawn_apart():
    codes = np.array([0, -1, 1, -1], np.int32)
    assert draw_values(codes, 0.5, values=3, use="x", seed=0)[[1, 3]].tolist() == [-1, -1]
    assert draw_values(np.full(3, -1, np.int32), 0.5, values=3, use="x", seed=0).tolist() == [-1] * 3
    many = np.zeros(200, np.int32)
    one, two = (draw_values(many, 0.5, values=3, use=use, seed=0) for use in ("x", "y"))
    assert not np.array_equal(one, two)


def test_a_target_with_more_values_than_there_are_is_refused():
    target = SimpleNamespace(values=("a", "b", "c"))
    assert target_for(SimpleNamespace(target=target), at_most=3, what="x needs") is target
    with pytest.raises(DataError, match=r"x needs a target of at most 2 values.*3 values"):
        target_for(SimpleNamespace(target=target), at_most=2, what="x needs")
    with pytest.raises(DataError, match="no target"):
        target_for(SimpleNamespace(target=None), at_most=2, what="x needs")


def test_names_that_a_bias_brings():
    assert brought(None) == ()
    assert brought(Bias(kind="patch", attribute="tie")) == ("tie",)
    assert brought(Bias(kind="two_background_colours", attribute="tie")) == ("left_tie", "right_tie")
    assert free_name(SimpleNamespace(attributes={"hat": 1}), "tie") == "tie"
    with pytest.raises(DataError, match='"hat" already exists'):
        free_name(SimpleNamespace(attributes={"hat": 1}), "hat")
