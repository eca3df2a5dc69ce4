"""Regions drawn for ready-made maps, and a configuration that was not read."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.cli.launch.maps import _masks, _unread
from fairaudit.errors import DataError


def loader(unreadable=()):
    loads = []

    def load(rows):
        loads.append(len(rows))
        read = [row for row in rows if row not in unreadable]
        masks = torch.tensor([[[row % 2 == 0]] for row in read])
        return SimpleNamespace(
            regions={"tie": masks, "eye": ~masks},
            excluded=[(row, f"row {row} is gone") for row in rows if row in unreadable],
        )

    return SimpleNamespace(load=load, manifest=SimpleNamespace(name="t")), loads


def test_masks_of_all_rows_in_batches():
    made, loads = loader()
    found = _masks(made, ["tie"], range(300))
    assert loads == [128, 128, 44]
    assert set(found) == {"tie"}
    np.testing.assert_array_equal(found["tie"][:, 0, 0], np.arange(300) % 2 == 0)


def test_a_map_needs_its_image_to_draw_a_region():
    with pytest.raises(DataError, match=r"300 images.*2 that cannot be read, the first: row 7 is gone"):
        _masks(loader(unreadable=(7, 200))[0], ["tie"], range(300))


def test_a_configuration_that_was_not_read_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(_unread()) == []
    (tmp_path / "fairaudit.yaml").write_text("")
    (note,) = _unread()
    assert "no gate of it is judged" in note
