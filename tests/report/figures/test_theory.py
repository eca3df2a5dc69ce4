"""The figure of the theory is drawn with all marks, and without those that do not exist."""

import numpy as np
import pytest

from fairaudit.report.figures.theory import Theory, theory

SHARES = np.linspace(0, 1, 11)


@pytest.mark.parametrize("on_task", [0.7, float("nan")])
def test_a_picture_with_three_panels(on_task):
    found = Theory(
        shares=SHARES, perfect=SHARES**2, following=SHARES, task={"K = 0": 1 - SHARES, "K = 1": SHARES},
        rho=0.9, phi=0.4, of_data=0.75, on_bias=0.5, on_task=on_task,
    )  # fmt: skip
    image = theory(found, heading="Information $and$ bias")
    assert image.startswith(b"\x89PNG")
    assert len(image) > 20_000
    assert image == theory(found, heading="Information $and$ bias")
