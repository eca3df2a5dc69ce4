import numpy as np
import pytest

from fairaudit.report.figures.saturation import PathCurve, saturation_curves

T_ = np.linspace(0, 1, 5)
CURVE = PathCurve(name="lrp", t=T_, progress=T_**2, gathered=T_)


def test_the_figure_has_a_panel_per_method_and_is_the_same_again():
    first, again = (saturation_curves([CURVE, CURVE], heading="h") for _ in range(2))
    assert first.startswith(b"\x89PNG")
    assert first == again != saturation_curves([CURVE], heading="h")


def test_a_score_that_does_not_change_is_told_in_its_panel():
    unknown = PathCurve(name="lrp", t=T_, progress=np.full(5, np.nan), gathered=T_)
    assert saturation_curves([unknown], heading="h") != saturation_curves([CURVE], heading="h")


def test_no_method_no_figure():
    with pytest.raises(ValueError, match="at least one method"):
        saturation_curves([], heading="h")
