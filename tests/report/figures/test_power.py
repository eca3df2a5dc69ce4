"""The figure of a self-test."""

import pytest

from fairaudit.report.figures.power import PowerPanel, PowerPoint, detection_power


def panel(name, shares=(0.0, 0.5, 1.0)):
    points = [
        PowerPoint(rho=rho, share=share, low=max(0, share - 0.3), high=min(1, share + 0.3), control=rho == 0.1)
        for rho, share in zip((0.1, 0.9, 0.99), shares, strict=True)
    ]
    return PowerPanel(audit=name, points=points)


@pytest.mark.parametrize("count", [1, 5])
def test_it_is_a_picture_and_the_same_twice(count):
    panels = [panel(f"audit $number {number}") for number in range(count)]
    first = detection_power(panels, heading="Self-test")
    assert first.startswith(b"\x89PNG")
    assert first == detection_power(panels, heading="Self-test")


def test_other_shares_give_another_picture():
    one, other = (detection_power([panel("a", shares)], heading="x") for shares in ((0, 0.5, 1), (0.2, 0.5, 1)))
    assert one != other


def test_without_an_audit_there_is_no_figure():
    with pytest.raises(ValueError, match="at least one"):
        detection_power([], heading="x")
