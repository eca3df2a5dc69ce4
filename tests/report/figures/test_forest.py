import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.forest import MOST_ROWS, forest
from fairaudit.report.figures.style import STATES
from fairaudit.report.rows import judged, measured_row, unjudged
from fairaudit.results.measurement import Measurement
from fairaudit.results.store import read_report


@pytest.fixture(scope="module")
def rows():
    report = read_report(Path(__file__).parents[1] / "example.json")
    return [row for row in [*judged(report), *unjudged(report)] if row.measurement]


def picture(rows):
    return np.asarray(Image.open(io.BytesIO(forest(rows, heading="Disparities"))).convert("RGB")).astype(int)


def pixels(image, color):
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(image - wanted).sum(axis=2) < 12).sum())


def test_every_verdict_has_its_colour(rows):
    image = picture(rows)
    for state in ("fail", "inconclusive", "pass", "none"):
        assert pixels(image, STATES[state]) > 40
    assert pixels(picture([row for row in rows if row.state == "none"]), STATES["fail"]) == 0


def test_a_longer_interval_is_a_longer_bar():
    def drawn(high):
        found = Measurement(audit="a", metric="m", value=0.5, low=0.45, high=high, chance=1.0)
        return pixels(picture([measured_row(found)]), STATES["none"])

    assert drawn(0.9) > drawn(0.5) + 200


def test_the_same_rows_give_the_same_bytes(rows):
    assert forest(rows[:3], heading="x") == forest(rows[:3], heading="x")


def test_awkward_names_and_missing_numbers_are_drawn():
    awkward = Measurement(
        audit="a", metric="$m$ \\frac{", attribute="x" * 400, value=None, status="undefined", reason="no"
    )
    assert picture([measured_row(awkward)]).shape[2] == 3


def test_a_long_list_is_cut(rows, monkeypatch):
    monkeypatch.setattr("fairaudit.report.figures.forest.MOST_ROWS", 3)
    assert picture(rows).shape == picture(rows[:3]).shape
    assert MOST_ROWS >= 20


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="at least one row"):
        forest([], heading="x")
