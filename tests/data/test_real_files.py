"""Data as people really have it: what cannot be used is one row with its reason, and nothing is guessed or dropped."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from torchvision.transforms import v2

from fairaudit.config.schema import Config, PreprocessConfig, RegionConfig
from fairaudit.data.geometry import plan
from fairaudit.data.layouts.celeba import read_celeba
from fairaudit.data.layouts.imagefolder import read_imagefolder
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.data.preprocess import transform_image
from fairaudit.errors import DataError

ORIENTATION = 0x0112


def picture(seed, size=(40, 30)):
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.fixture
def faces(tmp_path):
    lines = ["file,id,label,group,x,y,w,h"]
    for number in range(8):
        picture(number).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,r{number},{number % 2},{'ab'[number // 2 % 2]},{4 + number},5,10,8")
    (tmp_path / "faces.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def config(**sections):
    data = {"manifest": "faces.csv", "id": "id", "target": "label", "attributes": ["group"]}
    return Config.model_validate({"data": {**data, **sections.pop("data", {})}, **sections})


def loaded(folder, **sections):
    asked = config(**sections)
    manifest = open_manifest(asked, base=folder)
    return Loader(manifest, asked.preprocess, asked.regions).load(range(len(manifest)))


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (256, 256), (261, 517), (90, 120)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [True, False])
def test_resize_and_crop_are_those_of_torchvisions_eval_transforms(size, interpolation, antialias):
    asked = PreprocessConfig(resize={"shorter": 64}, crop=56, interpolation=interpolation, antialias=antialias)
    assert asked.size == (56, 56)
    mode = v2.InterpolationMode(interpolation)
    image = picture(3, size[::-1])
    found = transform_image(image, plan(size, asked), asked)
    oracle = v2.Compose([v2.PILToTensor(), v2.Resize(64, interpolation=mode, antialias=antialias), v2.CenterCrop(56)])
    np.testing.assert_array_equal(found.numpy(), oracle(image).numpy())


def test_regions_travel_along():
    """The box of a coloured patch is where the patch is after resizing and cropping."""
    asked = PreprocessConfig(resize={"shorter": 64}, crop=56)
    values = np.zeros((200, 320, 3), np.uint8)
    values[80:120, 140:200] = 255
    geometry = plan((200, 320), asked)
    pixels = transform_image(Image.fromarray(values), geometry, asked).numpy()[0]
    rows, columns = np.nonzero(pixels > 127)
    corners = geometry.points(np.array([[140.0, 80.0], [200.0, 120.0]]))
    np.testing.assert_allclose(corners, [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]], atol=0.6)


@pytest.mark.parametrize(
    "wrong",
    [{"resize": {"shorter": 64}}, {"resize": {"shorter": 10}, "crop": 20}, {"resize": {"longer": 3}, "crop": 2}],
)
def test_transforms_that_make_no_input_are_refused(wrong):
    with pytest.raises(ValidationError):
        PreprocessConfig(**wrong)


def test_turned_photographs_are_counted_and_can_be_left_as_they_are(faces):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture(1).save(faces / "1.png", exif=exif)
    upright = loaded(faces, preprocess={"size": [30, 40]})
    assert upright.notes == ((1, "turned as its EXIF orientation says"),)
    left = loaded(faces, preprocess={"size": [30, 40], "exif": False})
    assert left.notes == ((1, "not turned, though its EXIF orientation says so"),)
    turned = np.rot90(np.asarray(picture(1)), -1)
    expected = np.asarray(Image.fromarray(turned).resize((40, 30), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(upright.images[1].permute(1, 2, 0).numpy() * 255, expected, atol=1.01)
    np.testing.assert_allclose(left.images[1].permute(1, 2, 0).numpy() * 255, np.asarray(picture(1)), atol=1e-4)


def test_boxes_as_corner_width_and_height(faces):
    columns = {"columns": ["x", "y", "w", "h"], "units": "pixel", "form": "xywh"}
    batch = loaded(faces, regions={"tie": columns, "fixed": {"box": [4, 5, 10, 8], "units": "pixel", "form": "xywh"}})
    rows, cells = np.nonzero(batch.regions["tie"][2].numpy())
    assert (cells.min(), cells.max(), rows.min(), rows.max()) == (6, 15, 5, 12)
    np.testing.assert_array_equal(batch.regions["fixed"][0].numpy(), batch.regions["tie"][0].numpy())


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["x", "y", "w", "h"], False),
        (["tie_x", "tie_y", "tie_w", "tie_h"], False),
        (["left", "top", "Width", "Height"], False),
        (["x0", "y0", "x1", "y1"], True),
        (["x", "y", "glow", "fish"], True),
    ],
)
def test_sides_are_not_read_as_corners_unless_it_is_said(names, taken):
    """x, y, w, h with w > x and h > y are a box as corners too, and would pass."""
    given = {"columns": names, "units": "pixel"}
    if taken:
        assert RegionConfig.model_validate(given).form == "xyxy"
    else:
        with pytest.raises(ValidationError, match="look like width and height; say form: xywh"):
            RegionConfig.model_validate(given)
    for form in ("xywh", "xyxy"):
        assert RegionConfig.model_validate({**given, "form": form}).form == form


def test_bad_rows_are_excluded_with_their_reasons_and_the_run_goes_on(faces):
    lines = (faces / "faces.csv").read_text().splitlines()
    lines[2] = lines[2].replace(",10,8", ",0,8")  # a box without area
    lines[3] = lines[3].replace(",10,8", ",99,8")  # outside
    lines[4] = lines[4].replace("3.png", "3\0.png")
    lines[5] = ",r4" + lines[5].removeprefix("4.png,r4")
    lines += [",,,,,,,", ",,,,,,,"]
    (faces / "faces.csv").write_text("\n".join(lines) + "\n\n")
    columns = {"columns": ["x", "y", "w", "h"], "units": "pixel", "form": "xywh"}
    batch = loaded(faces, regions={"tie": columns})
    reasons = dict(batch.excluded)
    assert sorted(reasons) == [0, 1, 3, 4, 5, 6]  # rows without an id are named by their place, and r0 is row 2
    assert "no area" in reasons[3]
    assert "outside the image" in reasons[4]
    assert "null character" in reasons[5]
    assert "names no image" in reasons[6]
    assert reasons[0] == 'The target "label" is unknown.'
    assert batch.ids == ("r0", "r5", "r6", "r7")
    assert len(batch.ids) + len(reasons) == 10


def test_rows_are_in_the_order_of_their_ids_but_for_maps_that_are_told_by_their_place(faces):
    lines = (faces / "faces.csv").read_text().splitlines()
    (faces / "faces.csv").write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    ids = open_manifest(config(), base=faces).ids
    assert list(ids) == sorted(ids)
    assert open_manifest(config(), base=faces, by_place=True).ids == ids[::-1]


@pytest.mark.parametrize("unknown", ["-1", "-1.0", " -1 "])
@pytest.mark.parametrize("written", ["-1", "-1.0", "-1.00"])
def test_unknown_is_compared_as_labels_are(faces, unknown, written):
    """CheXpert's uncertain labels: 1.0, 0.0, -1.0 and blank."""
    text = (faces / "faces.csv").read_text().replace("r3,1,b", f"r3,{written},b").replace("r1,1,a", "r1,1.0,a")
    (faces / "faces.csv").write_text(text)
    manifest = open_manifest(config(data={"unknown": ["", unknown]}), base=faces)
    assert manifest.target.values == ("0", "1")
    assert manifest.target.codes.tolist() == [0, 1, 0, -1, 0, 1, 0, 1]


def folders(root, *names):
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(root / name)


def test_what_systems_leave_behind_is_no_class_and_no_split(tmp_path):
    folders(tmp_path, "train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "__MACOSX/train/cat/._1.png")
    folders(tmp_path, "train/cat/.hidden.png", ".cache/x/4.png")
    table = read_imagefolder(tmp_path).table
    assert table.columns["class"] == ["cat", "cat", "dog"]
    assert table.columns["split"] == ["test", "train", "train"]


def test_splits_beside_other_folders_are_not_guessed(tmp_path):
    folders(tmp_path, "train/cat/1.png", "train/dog/2.png", "extra/3.png")
    with pytest.raises(DataError, match=r"not clear which are classes.*train beside extra"):
        read_imagefolder(tmp_path)


def test_a_class_that_is_called_like_a_split_is_a_class(tmp_path):
    folders(tmp_path, "test/1.png", "control/2.png")
    assert read_imagefolder(tmp_path).table.columns["class"] == ["control", "test"]


@pytest.mark.parametrize(("folder", "there"), [("img_align_celeba", True), ("img_celeba", False)])
def test_landmarks_of_the_aligned_images_are_not_put_on_others(tmp_path, folder, there):
    folders(tmp_path, f"{folder}/000001.jpg", f"{folder}/000002.jpg")
    (tmp_path / "list_attr_celeba.csv").write_text("image_id,Smiling\n000001.jpg,1\n000002.jpg,-1\n")
    (tmp_path / "list_landmarks_align_celeba.csv").write_text(
        "image_id,nose_x,nose_y\n000001.jpg,9,9\n000002.jpg,8,8\n"
    )
    found = read_celeba(tmp_path)
    assert ("nose_x" in found.table.columns) == there
    assert bool(found.notes) != there
