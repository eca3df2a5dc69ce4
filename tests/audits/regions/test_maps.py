"""Regions of ready-made maps: shares by hand, rows without a target left out, and files that do not go together."""

from pathlib import Path

import numpy as np
import pytest

from fairaudit.audits.regions.maps import MapFiles, _even, _excluded, _Opened, _opened, audit_maps
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.errors import DataError, UsageError

AUDIT = AuditConfig(replicates=100)


class Rows(tuple):
    def take(self, rows):
        return Rows(self[row] for row in rows)


def manifest(target):
    ids = tuple(f"r{row}" for row in range(len(target)))
    columns = {
        name: Categorical(name=name, values=("0", "1"), codes=np.asarray(codes, np.int32))
        for name, codes in (("y", target), ("hat", [row % 2 for row in range(len(target))]))
    }
    return Manifest(
        name="t", ids=ids, source=Rows(ids), target=columns["y"], attributes={"hat": columns["hat"]}, folder=Path()
    )


def saved(tmp_path, maps, name="m.npy"):
    np.save(tmp_path / name, maps)
    return tmp_path / name


def options(tmp_path):
    return RunOptions(output=tmp_path / "out", command=("fairaudit",), figures=False, formats=())


def test_the_share_of_a_region_by_hand(tmp_path):
    """Positive relevance: 3 of 4 and 1 of 4 in the left half; the area is a half, so lifts are 1.5 and 0.5."""
    maps = np.array([[[2.0, 1.0], [1.0, -5.0]], [[0.5, 2.0], [0.5, 1.0]]])
    files = MapFiles(maps=saved(tmp_path, maps), boxes={"left": (0, 0, 1, 2)})
    report = audit_maps(files, manifest=None, audit=AUDIT, gates=[], options=options(tmp_path))
    found = {m.metric: m for m in report.measurements if m.group is None and m.class_ is None}
    assert found["rrf"].value == pytest.approx((3 / 4 + 1 / 4) / 2)
    assert found["rrf_lift"].value == pytest.approx((1.5 + 0.5) / 2)
    assert (report.data.rows, report.data.scored, report.data.regions) == (
        2,
        2,
        {"left": {"given as": "box in map pixels"}},
    )


def test_rows_without_a_target_are_left_out_with_their_masks():
    maps, target = np.arange(12.0).reshape(3, 2, 2), [0, -1, 1]
    found = _excluded(manifest(target))
    assert [(row.row, row.id, row.reason) for row in found] == [(1, "r1", 'The target "y" is unknown.')]
    assert _excluded(None) == _excluded(manifest([0, 1])) == []
    with pytest.raises(DataError, match=r"Not one map has a known target.*2 rows without"):
        _excluded(manifest([-1, -1]))
    assert maps.shape == (3, 2, 2)


def test_masks_follow_the_rows_that_are_kept(tmp_path):
    maps = np.arange(12.0).reshape(3, 2, 2)
    masks = np.zeros((3, 2, 2), bool)
    masks[2] = True
    files = MapFiles(maps=saved(tmp_path, maps), masks={"tie": masks}, boxes={"eye": (0, 0, 1, 1)})
    found = _opened(files, manifest([0, -1, 1]))
    np.testing.assert_array_equal(found.maps, maps[[0, 2]])
    assert found.masks["tie"].any(axis=(1, 2)).tolist() == [False, True]
    assert found.masks["eye"].shape == (2, 2)
    assert found.manifest.ids == ("r0", "r2")


def test_files_that_do_not_go_together_are_refused(tmp_path):
    path = saved(tmp_path, np.ones((2, 2, 2)))
    with pytest.raises(DataError, match="one row per map"):
        _opened(MapFiles(maps=path), manifest([0, 1, 0]))
    other = saved(tmp_path, np.ones((2, 2, 3)), "b.npy")
    with pytest.raises(DataError, match="another shape"):
        _opened(MapFiles(maps=path, baseline=other), None)
    with pytest.raises(UsageError, match="No region"):
        audit_maps(MapFiles(maps=path), manifest=None, audit=AUDIT, gates=[], options=options(tmp_path))


def test_maps_that_prefer_no_place_are_counted():
    maps = np.stack([np.ones((2, 2)), np.arange(4.0).reshape(2, 2), np.zeros((2, 2))])
    opened = _Opened(maps=maps, baseline=maps[[1, 1, 1]], masks={}, manifest=None, excluded=())
    (note,) = _even(opened)
    assert note.startswith("2 of 3 maps are constant")
