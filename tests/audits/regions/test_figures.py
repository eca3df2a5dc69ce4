"""Which images a figure shows: evenly spread over the rows, and those with the most and the least relevance."""

from types import SimpleNamespace

import numpy as np

from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.regions.figures import _names, _shares, _spread, region_drawings
from fairaudit.data.categorical import Categorical

METHOD = SimpleNamespace(name="lrp")


def total(lift, area):
    columns = {
        column("candidate", "lrp", "tie", "rrf_lift_absolute"): np.array(lift),
        column("area", "tie"): np.array(area),
    }
    return SimpleNamespace(part=SimpleNamespace(columns=columns), study=SimpleNamespace(regions=["tie"]))


def test_rows_are_spread_evenly_and_never_twice():
    assert _spread(np.arange(100, 200)) == [100, 120, 140, 159, 179, 199]
    assert _spread(np.array([7, 9])) == [7, 9]
    assert _spread(np.array([3])) == [3]


def test_the_share_is_lift_times_area():
    np.testing.assert_allclose(_shares(total([2.0, np.nan], [0.25, 0.5]), "tie", METHOD), [0.5, np.nan])


def test_without_any_relevance_there_is_the_region_alone():
    drawn = list(region_drawings(total([2.0], [0.25]), [METHOD]))
    assert [each.name for each in drawn] == ["region-tie.png", "reliance-tie-lrp.png"]
    assert [(each.overlay, each.worst, each.photographs) for each in drawn] == [
        (True, False, True),
        (False, True, True),
    ]
    assert [each.name for each in region_drawings(total([np.nan], [0.25]), [METHOD])] == ["region-tie.png"]


def test_images_are_named_by_their_labels():
    def made(name, codes):
        return Categorical(name=name, values=("no", "yes"), codes=np.array(codes, np.int32))

    manifest = SimpleNamespace(attributes={"hat": made("hat", [1, -1])})
    study = SimpleNamespace(target=made("smile", [0, 1]), manifest=manifest, attributes=["hat"])
    found = _names(SimpleNamespace(study=study), SimpleNamespace(rows=np.array([1, 0])))
    assert found == ["smile=yes, hat=?", "smile=no, hat=yes"]
