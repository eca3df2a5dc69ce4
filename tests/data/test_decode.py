"""Decoding: every odd kind of file becomes the pixels a person would see, or is refused with a reason."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fairaudit.data.decode import open_image
from fairaudit.errors import ImageError
from fairaudit.limits import PIXELS

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
GREY = RGB[:, :, 0].copy()


def pixels(path: Path) -> np.ndarray:
    image = open_image(path)
    assert image.mode in ("L", "RGB")
    return np.asarray(image)


def saved(path: Path, image: Image.Image, **options) -> Path:
    image.save(path, **options)
    return path


def test_plain_files_are_read_as_they_are(tmp_path):
    assert np.array_equal(pixels(saved(tmp_path / "a.png", Image.fromarray(RGB))), RGB)
    assert np.array_equal(pixels(saved(tmp_path / "b.png", Image.fromarray(GREY))), GREY)
    assert np.array_equal(pixels(saved(tmp_path / "c.bmp", Image.fromarray(RGB))), RGB)
    assert np.array_equal(pixels(saved(tmp_path / "wrong.jpg", Image.fromarray(RGB), format="PNG")), RGB)


def test_black_and_white_is_grey(tmp_path):
    bits = GREY > 127
    assert np.array_equal(pixels(saved(tmp_path / "a.png", Image.fromarray(bits))), np.where(bits, 255, 0))


def test_a_palette_becomes_its_colours(tmp_path):
    image = Image.frombytes("P", (9, 6), (GREY // 86).tobytes())
    colours = [(255, 0, 0), (0, 128, 0), (1, 2, 3)]
    image.putpalette([value for colour in colours for value in colour])
    expected = np.asarray(colours, np.uint8)[GREY // 86]
    assert np.array_equal(pixels(saved(tmp_path / "a.png", image)), expected)
    # colour 1 transparent: black there, the others stay
    expected = expected.copy()
    expected[GREY // 86 == 1] = 0
    assert np.array_equal(pixels(saved(tmp_path / "b.png", image, transparency=1)), expected)


def test_sixteen_bits_are_scaled_and_not_cut(tmp_path):
    values = np.array([[0, 128, 129, 257, 32768, 65278, 65535]], np.uint16)
    image = pixels(saved(tmp_path / "a.png", Image.fromarray(values)))
    assert image.tolist() == [[round(int(value) / 257) for value in values[0]]]
    assert image.tolist()[0][-1] == 255
    assert np.array_equal(pixels(saved(tmp_path / "b.tif", Image.fromarray(values))), image)


def test_cmyk_becomes_rgb(tmp_path):
    inks = np.zeros((8, 16, 4), np.uint8)
    inks[:, 8:] = (0, 255, 255, 0)  # white, and full magenta with full yellow, which is red
    result = pixels(saved(tmp_path / "a.tif", Image.frombytes("CMYK", (16, 8), inks.tobytes())))
    assert result[0, 0].tolist() == [255, 255, 255]
    assert result[0, 15].tolist() == [255, 0, 0]
    jpeg = pixels(saved(tmp_path / "a.jpg", Image.frombytes("CMYK", (16, 8), inks.tobytes()), quality=100))
    assert np.abs(jpeg.astype(int) - result.astype(int)).max() <= 6


def test_alpha_is_laid_over_black(tmp_path):
    alpha = np.array([[0, 51, 255]], np.uint8)
    colour = np.full((1, 3, 3), 200, np.uint8)
    rgba = np.dstack([colour, alpha])
    assert pixels(saved(tmp_path / "a.png", Image.fromarray(rgba)))[0].tolist() == [[0] * 3, [40] * 3, [200] * 3]
    la = Image.merge("LA", [Image.fromarray(colour[:, :, 0]), Image.fromarray(alpha)])
    assert pixels(saved(tmp_path / "b.png", la)).tolist() == [[0, 40, 200]]
    key = pixels(saved(tmp_path / "c.png", Image.fromarray(RGB), transparency=tuple(RGB[0, 0].tolist())))
    assert key[0, 0].tolist() == [0, 0, 0]
    assert np.array_equal(key[1:], RGB[1:])
    grey_key = pixels(saved(tmp_path / "d.png", Image.fromarray(np.array([[7, 8]], np.uint8)), transparency=7))
    assert grey_key.tolist() == [[0, 8]]


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, RGB),
        (2, RGB[:, ::-1]),
        (3, RGB[::-1, ::-1]),
        (4, RGB[::-1]),
        (5, RGB.transpose(1, 0, 2)),
        (6, np.rot90(RGB, -1)),
        (7, RGB[::-1, ::-1].transpose(1, 0, 2)),
        (8, np.rot90(RGB)),
    ],
)
def test_exif_orientation_is_applied(tmp_path, orientation, turned):
    exif = Image.Exif()
    exif[274] = orientation
    assert np.array_equal(pixels(saved(tmp_path / "a.png", Image.fromarray(RGB), exif=exif)), turned)


def test_of_an_animation_the_first_frame_is_taken_with_a_note(tmp_path):
    frames = [Image.new("L", (4, 3), value) for value in (0, 255, 255)]
    path = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:], duration=10)
    with Image.open(path) as raw:
        frame_count = raw.n_frames
    image = open_image(path)
    assert np.asarray(image).max() == 0
    assert image.info == {"note": f"first of {frame_count} frames"}
    assert open_image(saved(tmp_path / "b.gif", frames[0])).info == {}


def png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (10_000, 10_000), (PIXELS.default + 1, 1)])
def test_a_bomb_is_refused_before_anything_is_allocated(tmp_path, width, height):
    (tmp_path / "a.png").write_bytes(png(width, height))
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=r"too large|too many pixels"):
            open_image(tmp_path / "a.png")
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_between_pillows_warning_and_its_error_the_size_is_checked_here(tmp_path):
    (tmp_path / "a.png").write_bytes(png(10_000, 10_000))
    with pytest.raises(ImageError, match=r"too large.*at most 50,000,000 pixels.*10000 x 10000"):
        open_image(tmp_path / "a.png")


def test_pillows_own_limit_is_left_alone(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    (tmp_path / "a.png").write_bytes(png(60_000, 60_000))
    with pytest.raises(ImageError):
        open_image(tmp_path / "a.png")
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "missing"),
        (b"", "empty (0 bytes)"),
        (b"<html>not found</html>", "not an image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "not an image of a known format"),
        (png(4, 4, b"\0" * 20), "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n", "header is damaged"),
        (png(0, 4), "header is damaged"),
    ],
    ids=["missing", "empty", "html", "postscript", "few-pixels", "no-header", "no-width"],
)
def test_unusable_files_have_a_reason_and_a_name(tmp_path, data, words):
    if data is not None:
        (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ImageError) as caught:
        open_image(tmp_path / "a.png")
    assert words in str(caught.value)
    assert "a.png" in str(caught.value)


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "webp", "tif"])
def test_a_file_cut_anywhere_is_refused_or_whole(tmp_path, kind):
    path = saved(tmp_path / f"a.{kind}", Image.fromarray(np.tile(RGB, (4, 4, 1))))
    whole, data = pixels(path), path.read_bytes()
    refused = 0
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        try:
            assert np.array_equal(pixels(path), whole)
        except ImageError:
            refused += 1
    assert refused >= 4


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(ImageError, match="not a file"):
        open_image(tmp_path)


@pytest.mark.parametrize("values", [np.array([[0.0, 1.5]], np.float32), np.array([[0, 70_000]], np.int32)])
def test_pixels_of_unknown_scale_are_refused(tmp_path, values):
    with pytest.raises(ImageError, match="scale is not known"):
        open_image(saved(tmp_path / "a.tif", Image.fromarray(values)))


KINDS = ["png", "jpg", "gif", "bmp", "webp", "tif"]


@given(kind=st.sampled_from(KINDS), places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6))
def test_damage_anywhere_gives_an_image_or_a_reason_and_nothing_else(tmp_path_factory, kind, places):
    path = tmp_path_factory.getbasetemp() / f"damaged.{kind}"
    data = bytearray(saved(path, Image.fromarray(RGB)).read_bytes())
    for share, value in places:
        data[min(int(share * len(data)), len(data) - 1)] = value
    path.write_bytes(data)
    try:
        assert pixels(path).dtype == np.uint8
    except ImageError as error:
        assert f"damaged.{kind}" in str(error)  # noqa: PT017


def test_the_limit_on_pixels_can_be_raised(tmp_path, monkeypatch):
    Image.new("1", (3000, 3000)).save(tmp_path / "a.png")
    monkeypatch.setenv("FAIRAUDIT_MAX_PIXELS", "1000000")
    with pytest.raises(ImageError, match=r"1,000,000 pixels.*FAIRAUDIT_MAX_PIXELS"):
        open_image(tmp_path / "a.png")
    monkeypatch.setenv("FAIRAUDIT_MAX_PIXELS", "10000000")
    assert open_image(tmp_path / "a.png").size == (3000, 3000)


def test_the_frames_of_a_long_animation_are_not_counted(tmp_path):
    frame = b"\x2c" + bytes((0, 0, 0, 0, 1, 0, 1, 0, 0)) + b"\x02\x02\x44\x01\x00"
    head = b"GIF89a" + bytes((1, 0, 1, 0, 0x80, 0, 0)) + b"\0\0\0\xff\xff\xff"
    (tmp_path / "long.gif").write_bytes(head + frame * 200_000 + b"\x3b")
    started = time.monotonic()
    assert open_image(tmp_path / "long.gif").info["note"] == "first of several frames"
    assert time.monotonic() - started < 2
