"""What discovery reports: windows that the second witness confirms, and others as what they are."""

import numpy as np
import pytest

from fairaudit.audits.core.study.rows import Rows
from fairaudit.audits.discovery.figures import difference
from fairaudit.audits.discovery.read import Grids, read_discovery
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.window_effect import window_effect
from fairaudit.measures.regions.windows import grid_shares


@pytest.fixture(scope="module")
def searched():
    """Two places where relevance differs by group: the upper left and the lower right quarter of the left half."""
    draw = np.random.default_rng(0)
    maps = draw.gamma(4.0, size=(160, 16, 16))
    codes = draw.integers(0, 2, 160)
    maps[codes == 1, 0:6, 0:6] *= 3.0
    maps[codes == 1, 10:16, 10:16] *= 0.2
    group = Labels(name="g", values=("a", "b"), codes=codes)
    grids = {
        "m": Grids(positive=grid_shares(maps).astype(float), signed=grid_shares(maps, kind="signed").astype(float))
    }
    return grids, Rows(target=None, groups=[group], clusters=None)


def only(place):
    """A witness to whom the windows count that lie in a place, by an effect of their size."""

    def check(wanted):
        found = {}
        for number, boxes in wanted.items():
            for box in boxes:
                inside = all(place[k] <= box[k] and box[k + 2] <= place[k + 2] for k in (0, 1))
                size = (box[2] - box[0]) * (box[3] - box[1]) if inside else 0.0
                found[number, box] = window_effect(np.array([0.2, 0.21, 0.22]) + size, [0.2] * 3)
        return found

    return check


def rows(findings, metric):
    return [m for m in findings.measurements if m.metric == metric]


def corners(row):
    return tuple(row.extra[name] for name in ("x0", "y0", "x1", "y1"))


def test_without_a_model_every_window_is_a_candidate(searched):
    found = read_discovery(*searched, seed=0)
    windows = rows(found, "discovery")
    assert len(windows) >= 2
    assert all("effect" not in row.extra for row in windows)
    assert not rows(found, "discovery_unconfirmed")
    assert any("candidates" in note for note in found.notes)


def test_only_what_the_score_follows_is_a_finding(searched):
    found = read_discovery(*searched, seed=0, check=only((0, 0, 0.5, 0.5)), limit=0.05)
    windows = rows(found, "discovery")
    assert windows
    for row in windows:
        assert max(corners(row)[2:]) <= 0.5
        assert row.extra["effect_low"] > 0.05
        assert row.extra["effect_limit"] == 0.05
        assert any(row.region in note and f"{row.extra['effect']:.3f}" in note for note in found.notes)
    effects = [row.extra["effect"] for row in windows]
    assert effects == sorted(effects, reverse=True)
    others = rows(found, "discovery_unconfirmed")
    assert any(corners(row)[0] >= 0.5 for row in others)
    assert len({row.region for row in [*windows, *others]}) == len(windows) + len(others)
    assert len({m.id for m in found.measurements}) == len(found.measurements)


def test_where_the_score_follows_nothing_there_is_no_finding_and_the_reason_is_told(searched):
    found = read_discovery(*searched, seed=0, check=only((2, 2, 3, 3)), limit=0.05)
    (row,) = rows(found, "discovery")
    assert row.value is None
    assert "no change of the score with another" in row.reason
    assert rows(found, "discovery_unconfirmed")
    assert [drawing.name for drawing in found.drawings] == ["discovery-g-m.png"]
    assert "Dashed" in found.drawings[0].caption
    assert found.drawings[0].draw().startswith(b"\x89PNG")


def test_an_effect_without_an_interval_confirms_nothing(searched):
    def check(wanted):
        return {(number, box): window_effect([0.9], [0.0]) for number, boxes in wanted.items() for box in boxes}

    assert rows(read_discovery(*searched, seed=0, check=check), "discovery")[0].value is None


def test_the_background_of_two_groups_has_a_sign_and_that_of_more_is_their_spread():
    grids = np.arange(4.0)[:, None, None] * np.ones((4, 2, 2))
    grids[3] = np.nan
    two = Labels(name="g", values=("a", "b"), codes=np.array([1, 0, -1, 0]))
    np.testing.assert_array_equal(difference(two, grids), -np.ones((2, 2)))  # 0 less 1
    three = Labels(name="g", values=("a", "b", "c"), codes=np.array([1, 0, 2, 0]))
    np.testing.assert_array_equal(difference(three, grids), 2 * np.ones((2, 2)))  # 2 less 0
    one = Labels(name="g", values=("a", "b"), codes=np.zeros(4, int))
    np.testing.assert_array_equal(difference(one, grids), np.zeros((2, 2)))


@pytest.mark.parametrize(("each", "reason"), [(None, None), (1, None), (40, "4 clusters are too few")])
def test_windows_of_few_persons_have_a_reason(searched, each, reason):
    grids, asked = searched
    order = np.argsort(asked.groups[0].codes, kind="stable")
    codes = np.repeat([0, 1], [80, 80])
    half = np.concatenate([order[:1].repeat(80), order[-1:].repeat(80)])  # two persons of each group, all alike
    shown = {"m": Grids(positive=grids["m"].positive[half], signed=grids["m"].signed[half])}
    group = Labels(name="g", values=("a", "b"), codes=codes)
    units = None if each is None else np.arange(160) // each
    found = read_discovery(shown, Rows(target=None, groups=[group], clusters=units), seed=0)
    told = rows(found, "discovery")
    assert all((row.value is None) == (reason is not None) for row in told)
    assert reason is None or all(reason in row.reason for row in [*told, *rows(found, "concentration")])
