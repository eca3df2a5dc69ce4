"""The section of the data: a box that lies in the image, and shares of a planted bias."""

import pytest
from pydantic import ValidationError

from fairaudit.config.data import Bias


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0.25, 0.5, 0.5, 0.75)])
def test_a_box_in_the_image(box):
    assert tuple(Bias(kind="patch", box=box).box) == box


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (0, 0.6, 1, 0.5), (-0.1, 0, 1, 1), (0, 0, 1, 1.01)])
def test_a_box_that_is_none_is_refused(box):
    with pytest.raises(ValidationError, match="box must be"):
        Bias(kind="patch", box=box)


@pytest.mark.parametrize("rho", [-0.1, 1.1, float("nan")])
def test_a_share_outside_of_0_to_1_is_refused(rho):
    with pytest.raises(ValidationError):
        Bias(kind="patch", rho=rho)
