"""Batches: the same bits for any number of threads, excluded rows with reasons, and a digest of all that matters."""

from __future__ import annotations

import gc
import pickle
import threading
import weakref

import numpy as np
import pytest
import torch
from PIL import Image

from fairaudit.config.schema import Config
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError, RegionError


@pytest.fixture(autouse=True)
def threads_whatever_the_size(monkeypatch):
    """The pictures here are so small that they would never be decoded in threads."""
    monkeypatch.setattr("fairaudit.data.loader.SMALL", 0)


def loader(folder, *, workers=0, **sections) -> Loader:
    data = {"manifest": "faces.csv", "target": "smile", "attributes": ["tie"], **sections.pop("data", {})}
    config = Config.model_validate({"data": data, **sections})
    return Loader(open_manifest(config, base=folder), config.preprocess, config.regions, workers)


def equal(left, right) -> bool:
    return (
        torch.equal(left.images, right.images)
        and (left.ids, left.excluded, left.notes) == (right.ids, right.excluded, right.notes)
        and np.array_equal(left.rows, right.rows)
        and np.array_equal(left.target, right.target)
        and all(np.array_equal(left.attributes[name], right.attributes[name]) for name in left.attributes)
        and all(torch.equal(left.regions[name], right.regions[name]) for name in left.regions)
    )


def test_a_batch_holds_the_rows_asked_for_in_their_order(faces):
    batch = loader(faces).load([5, 0, 5])
    assert batch.rows.tolist() == [5, 0, 5]
    assert batch.ids == ("images/5.png", "images/0.png", "images/5.png")
    assert (batch.target.tolist(), batch.attributes["tie"].tolist()) == ([1, 0, 1], [0, 0, 0])
    assert batch.images.dtype == torch.float32
    assert batch.images.shape == (3, 3, 8, 12)
    with Image.open(faces / "images/0.png") as image:
        expected = np.asarray(image).astype(np.float32) / np.float32(255)
    assert np.array_equal(batch.images[1].permute(1, 2, 0).numpy(), expected)
    assert (len(batch), batch.excluded, batch.notes) == (3, (), ())


def test_any_number_of_threads_gives_the_same_bits(faces):
    (faces / "images/2.png").write_bytes(b"")
    sections = {
        "preprocess": {"size": [7, 5], "resize": "shorter", "interpolation": "bicubic"},
        "regions": {"a": {"columns": ["x0", "y0", "x1", "y1"], "units": "pixel"}, "b": {"complement": "a"}},
    }
    batches = [loader(faces, workers=workers, **sections).load(range(8)) for workers in (0, 1, 3, 8)]
    assert all(equal(batch, batches[0]) for batch in batches)
    split = [loader(faces, **sections).load(rows) for rows in (range(3), range(3, 8))]
    assert torch.equal(torch.cat([part.images for part in split]), batches[0].images)


@pytest.mark.parametrize(("small", "threads"), [(8 * 12 - 1, True), (8 * 12, False)])
def test_small_images_are_decoded_where_they_are_asked_for(faces, monkeypatch, small, threads):
    monkeypatch.setattr("fairaudit.data.loader.SMALL", small)
    made, seen = loader(faces, workers=2), []
    read = type(made.manifest.source).read

    def told(source, row):
        seen.append(threading.current_thread() is threading.main_thread())
        return read(source, row)

    monkeypatch.setattr(type(made.manifest.source), "read", told)
    batches = [made.load(range(8)) for _ in range(2)]
    assert equal(*batches)
    # The first image is read for its size, and tells how large they are.
    assert seen == [True, *([not threads] * 16)]


def test_unusable_rows_are_left_out_with_a_reason(faces):
    (faces / "images/1.png").unlink()
    (faces / "images/2.png").write_bytes(b"")
    (faces / "images/3.png").write_bytes((faces / "images/4.png").read_bytes()[:60])
    text = (faces / "faces.csv").read_text()
    (faces / "faces.csv").write_text(text.replace("images/4.png,0", "images/4.png,"))
    batch = loader(faces, workers=2).load(range(8))
    assert batch.rows.tolist() == [0, 5, 6, 7]
    assert len(batch.images) == 4
    reasons = dict(batch.excluded)
    assert list(reasons) == [1, 2, 3, 4]
    for row, words in ((1, "missing"), (2, "0 bytes"), (3, "cannot be decoded"), (4, 'target "smile" is unknown')):
        assert words in reasons[row]


def test_a_batch_of_unusable_rows_is_empty_and_has_the_same_size(faces):
    for row in range(4):
        (faces / f"images/{row}.png").write_bytes(b"")
    batch = loader(faces, regions={"a": {"box": [0, 0, 1, 1]}}).load(range(4))
    assert batch.images.shape == (0, 3, 8, 12)
    assert (batch.regions["a"].shape, batch.regions["a"].dtype) == ((0, 8, 12), torch.bool)
    assert (batch.target.shape, len(batch.excluded)) == ((0,), 4)


def test_without_a_size_all_images_have_that_of_the_first(faces, picture):
    assert loader(faces).input_size() == (8, 12)
    assert loader(faces, preprocess={"crop": [4, 6]}).input_size() == (4, 6)
    picture(faces / "images/3.png", 10, 10)
    with pytest.raises(DataError, match=r'10 x 10 in row "images/3.png", 12 x 8 before.*preprocess\.size'):
        loader(faces).load([3])
    assert loader(faces, preprocess={"size": [5, 6]}).load(range(8)).images.shape == (8, 3, 5, 6)


def test_nothing_readable_is_an_error(faces):
    for row in range(8):
        (faces / f"images/{row}.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"None of the rows has .*0 bytes"):
        loader(faces).load([0])


def test_a_wrong_region_stops_the_run_whatever_the_threads(faces):
    regions = {"a": {"box": [1, 2, 5, 6]}}
    for workers in (0, 4):
        with pytest.raises(RegionError, match="outside the image"):
            loader(faces, workers=workers, regions=regions).load(range(8))


def test_a_mask_that_is_missing_excludes_its_row(faces):
    for row in range(1, 8):
        Image.new("L", (12, 8), 255).save(faces / f"m{row}.png")
    batch = loader(faces, regions={"a": {"mask": "m{stem}.png"}}).load(range(8))
    assert batch.rows.tolist() == list(range(1, 8))
    assert batch.regions["a"].all()
    assert "mask of a region" in dict(batch.excluded)[0]


def test_regions_follow_a_photo_that_lies_on_its_side(faces):
    upright = np.zeros((8, 12, 3), np.uint8)
    upright[1:4, 2:9] = 255
    exif = Image.Exif()
    exif[274] = 6  # turn clockwise to see it upright
    Image.fromarray(np.rot90(upright)).save(faces / "images/0.png", exif=exif)
    batch = loader(faces, regions={"a": {"box": [2, 1, 9, 4], "units": "pixel"}}).load([0])
    assert torch.equal(batch.images[0, 0] == 1, batch.regions["a"][0])


def test_animations_are_noted(faces):
    frames = [Image.new("L", (12, 8), value) for value in (0, 255)]
    frames[0].save(faces / "images/0.png", format="GIF", save_all=True, append_images=frames[1:])
    assert loader(faces).load([0, 1]).notes == ((0, "first of 2 frames"),)


def test_without_a_target_no_row_is_excluded(faces):
    batch = loader(faces, data={"target": None}).load(range(8))
    assert batch.target.tolist() == [-1] * 8
    assert len(batch) == 8


def test_rows_outside_and_negative_workers_are_programming_errors(faces):
    with pytest.raises(IndexError, match=r"0\.\.7"):
        loader(faces).load([-1])
    with pytest.raises(ValueError, match="workers"):
        loader(faces, workers=-1)


def test_the_digest_follows_pixels_masks_and_settings(faces, picture):
    for row in range(8):
        Image.new("L", (12, 8), 255).save(faces / f"m{row}.png")
    sections = {"regions": {"a": {"mask": "m{stem}.png"}}}
    first = loader(faces, **sections).digest()
    assert first == loader(faces, workers=3, **sections).digest()
    digests = {first, loader(faces).digest(), loader(faces, preprocess={"size": [4, 4]}, **sections).digest()}
    Image.new("L", (12, 8), 0).save(faces / "m7.png")
    digests.add(loader(faces, **sections).digest())
    (faces / "m7.png").unlink()
    digests.add(loader(faces, **sections).digest())
    picture(faces / "images/7.png", seed=99)
    digests.add(loader(faces, **sections).digest())
    assert len(digests) == 6


def test_a_loader_can_be_sent_to_another_process(faces):
    made = loader(faces, workers=2, regions={"a": {"box": [0, 0, 0.5, 1]}})
    assert equal(pickle.loads(pickle.dumps(made)).load(range(8)), made.load(range(8)))  # noqa: S301


def test_only_one_original_per_thread_is_held(faces, monkeypatch):
    """Originals are counted while they live; a batch must not keep them."""
    made = loader(faces, workers=2, preprocess={"size": [4, 4]})
    alive, most = set(), []
    whole = type(made.manifest.source).read

    def read(source, row):
        image = whole(source, row)
        alive.add(id(image))
        most.append(len(alive))
        weakref.finalize(image, alive.discard, id(image))
        return image

    monkeypatch.setattr(type(made.manifest.source), "read", read)
    batch = made.load(list(range(8)) * 10)
    gc.collect()
    assert len(batch) == len(most) == 80
    assert max(most) <= 2 + 1  # one that a thread is just replacing
    assert not alive
