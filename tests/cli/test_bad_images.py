"""Odd and broken pictures, through the command line: scored with the right pixels, or excluded with a reason."""

import json
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

SIDE = 16


def random_pixels(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, *shape), dtype=np.uint8)


def huge_png(width, height):
    """The header of a picture of that size, and next to no pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0" * 64))]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*chunks, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + body


# Good: a writer, and what the pixels must be in the end, from the definition of the format.


def write_grey_16(path):
    values = np.random.default_rng(1).integers(0, 65536, (SIDE, SIDE)).astype(np.uint16)
    Image.fromarray(values).save(path)
    return np.repeat((values / 65535)[..., None], 3, axis=2), 0.5 / 255


def write_palette(path):
    colours, codes = random_pixels(2, 3).reshape(-1, 3)[:7], random_pixels(3) % 7
    image = Image.new("P", (SIDE, SIDE))
    image.putpalette(colours.ravel().tolist())
    image.frombytes(codes.tobytes())
    image.save(path)
    return colours[codes] / 255, 0


def write_alpha(path):
    values = random_pixels(4, 4)
    Image.fromarray(values).save(path)
    return values[..., :3] / 255 * (values[..., 3:] / 255), 1.5 / 255  # over black


def write_cmyk(path):
    values = random_pixels(5, 4)
    Image.frombytes("CMYK", (SIDE, SIDE), values.tobytes()).save(path, format="TIFF")
    return (1 - values[..., :3] / 255) * (1 - values[..., 3:] / 255), 2 / 255


def write_exif_rotated(path):
    values = random_pixels(6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    Image.fromarray(values).save(path, format="PNG", exif=exif)
    return np.rot90(values, k=-1) / 255, 0


def write_animated(path):
    first, second = (Image.fromarray(random_pixels(seed, 3)) for seed in (7, 8))
    first.save(path, format="PNG", save_all=True, append_images=[second])
    return random_pixels(7, 3) / 255, 0


def write_one_bit(path):
    values = random_pixels(9) > 127
    Image.fromarray(values).save(path)
    return np.repeat(values[..., None].astype(float), 3, axis=2), 0


def write_grey_alpha(path):
    values = random_pixels(10, 2)
    Image.frombytes("LA", (SIDE, SIDE), values.tobytes()).save(path)
    grey = values[..., 0] / 255 * (values[..., 1] / 255)
    return np.repeat(grey[..., None], 3, axis=2), 1.5 / 255


GOOD = {
    "grey_16": write_grey_16,
    "palette": write_palette,
    "alpha": write_alpha,
    "cmyk": write_cmyk,
    "exif_rotated": write_exif_rotated,
    "animated": write_animated,
    "one_bit": write_one_bit,
    "grey_alpha": write_grey_alpha,
}


# Broken: how a good picture is spoilt, and what the reason must say.


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def header_only(path):
    path.write_bytes(path.read_bytes()[:20])


def float_pixels(path):
    Image.fromarray(np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)).save(path, format="TIFF")


BROKEN = {
    "missing": (lambda path: path.unlink(), "missing"),
    "empty": (lambda path: path.write_bytes(b""), "empty (0 bytes)"),
    "truncated": (half, "cannot be decoded"),
    "header_only": (header_only, "cannot be decoded"),
    "no_picture": (lambda path: path.write_text("hello", encoding="utf-8"), "not an image of a known format"),
    "html": (lambda path: path.write_text("<html>404</html>", encoding="utf-8"), "not an image of a known format"),
    "huge": (lambda path: path.write_bytes(huge_png(60_000, 60_000)), "3600000000 pixels"),
    "huge_side": (lambda path: path.write_bytes(huge_png(2**31 - 1, 1)), "pixels"),
    "float": (float_pixels, "scale is not known"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "not a file"),
    "pipe": (lambda path: (path.unlink(), os.mkfifo(path)), "not a file"),
    "endless": (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "not a file"),
}


def excluded_as(report):
    return {row["id"]: row["reason"] for row in report["excluded"]}


def test_all_odd_pictures_in_one_manifest(lab):
    rows = lab.rows()
    odd = dict(zip(GOOD, rows, strict=False))
    broken = dict(zip(BROKEN, rows[len(GOOD) :], strict=False))
    for name, row in odd.items():
        GOOD[name](lab.folder / row["file"])
    for name, row in broken.items():
        BROKEN[name][0](lab.folder / row["file"])
    done = lab.run("roi-metrics", "model.pt", "--json")
    report = done.report()
    assert done.code == 5  # incomplete: nothing is allowed to be excluded
    assert report["gate"]["state"] == "incomplete"
    assert excluded_as(report).keys() == {row["id"] for row in broken.values()}
    for name, row in broken.items():
        assert BROKEN[name][1] in excluded_as(report)[row["id"]], name
    assert report["data"]["rows"] == len(rows) == report["data"]["scored"] + len(report["excluded"])
    allowed = lab.run("roi-metrics", "model.pt", "--json", "--max-excluded", str(len(broken)))
    assert allowed.code == 0
    one_less = lab.run("roi-metrics", "model.pt", "--json", "--max-excluded", str(len(broken) - 1))
    assert one_less.code == 5


@pytest.mark.parametrize("name", GOOD)
def test_odd_pictures_have_the_right_pixels_in_the_end(lab, name):
    from fairaudit.config.load import load_config
    from fairaudit.data.loader import Loader
    from fairaudit.data.open import open_manifest

    expected, tolerance = GOOD[name](lab.folder / lab.rows()[3]["file"])
    config, base = load_config(None, folder=lab.folder, overrides={})
    manifest = open_manifest(config, base=base)
    batch = Loader(manifest, config.preprocess, {}, workers=1).load([2, 3])
    assert batch.excluded == ()
    found = batch.images[1].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found, expected, atol=tolerance + 1e-6)


def test_a_broken_picture_does_not_change_the_others(lab):
    rows = lab.rows()
    half(lab.folder / rows[5]["file"])
    with_broken = lab.run("roi-metrics", "model.pt", "--json", "-o", "one").report()
    lab.write_rows([row for row in rows if row is not rows[5]])
    without = lab.run("roi-metrics", "model.pt", "--json", "-o", "two").report()
    assert with_broken["measurements"] == without["measurements"]


@pytest.mark.parametrize("command", ["fairness", "audit"])
def test_no_readable_picture_at_all(lab, command):
    for row in lab.rows():
        (lab.folder / row["file"]).write_bytes(b"")
    lab.run(command, "model.pt").refused("Not one row", "24 rows", "empty (0 bytes)", "faces.csv")


def test_no_readable_picture_at_all_with_trials(lab):
    lab.configure(audit={"faithfulness": True})
    for row in lab.rows():
        (lab.folder / row["file"]).write_bytes(b"")
    lab.run("audit", "model.pt").refused("empty (0 bytes)")


def test_no_picture_where_the_paths_point(lab):
    lab.configure(data={"root": "faces"})
    lab.run("fairness", "model.pt").refused("None of the 24 image files exists", '"faces/00000.png"', "data.root")


def test_paths_written_as_on_windows_are_said_to_be_that(lab):
    lab.write_rows([{**row, "file": row["file"].replace("/", "\\")} for row in lab.rows()])
    text = lab.run("fairness", "model.pt").refused("written as on Windows", "write / for every backslash")
    assert "data.root" not in text


def test_a_name_that_is_too_long(lab):
    rows = lab.rows()
    rows[0]["file"] = "a" * 5000
    lab.write_rows(rows)
    done = lab.run("roi-metrics", "model.pt", "--json")
    assert done.code == 5
    assert "too long" in excluded_as(done.report())["r0"]


def test_a_whole_chunk_without_a_readable_picture(large_lab):
    for row in large_lab.rows()[128:256]:
        (large_lab.folder / row["file"]).write_bytes(b"")
    done = large_lab.run("roi-metrics", "model.pt", "--json")
    assert done.code == 5
    assert done.report()["data"]["scored"] == 272


def test_missing_labels_are_excluded_with_a_reason(lab):
    rows = lab.rows()
    rows[0]["label"] = ""
    lab.write_rows(rows)
    done = lab.run("roi-metrics", "model.pt", "--json")
    assert done.code == 5
    assert excluded_as(done.report()) == {"r0": 'The target "label" is unknown.'}


def test_unknown_groups_are_counted_and_belong_to_none(lab):
    rows = lab.rows()
    for row in rows[:3]:
        row["group"] = "unknown"
    lab.write_rows(rows)
    report = lab.run("fairness", "model.pt", "--json").report()
    assert report["data"]["unknown"] == {"group": 3}
    assert report["data"]["attributes"] == {"group": ["a", "b"]}
    assert sum(sum(cells.values()) for cells in report["data"]["cells"]["group"].values()) == 21


def test_pictures_of_one_size_need_no_size(lab):
    lab.configure(preprocess={"size": None})
    done = lab.run("roi-metrics", "model.pt", "--json")
    assert done.code == 0
    assert done.report()["models"][0]["input_size"] == [16, 16]


def test_pictures_of_several_sizes_need_a_size(lab):
    lab.picture("faces/00004.png", np.zeros((20, 16, 3), np.uint8))
    lab.configure(preprocess={"size": None})
    lab.run("fairness", "model.pt").refused("differ in size", "preprocess.size", '"r4"')


def test_the_report_says_which_frame_was_used(lab):
    write_animated(lab.folder / lab.rows()[0]["file"])
    report = lab.run("roi-metrics", "model.pt", "--json").report()
    assert any("first of 2 frames" in note for note in report["notes"]), json.dumps(report["notes"])


def test_pictures_without_anything_to_explain(lab):
    """On black pictures input x gradient is blank: there is no share of it, and no figure of who relies on it."""
    for row in lab.rows():
        lab.picture(row["file"], np.zeros((SIDE, SIDE, 3), np.uint8))
    report = lab.run("roi-metrics", "model.pt", "--method", "input_x_gradient", "--json").report()
    shares = [m for m in report["measurements"] if m["metric"] == "rrf" and m["method"] == "input_x_gradient"]
    assert shares
    assert {(m["value"], m["status"]) for m in shares} == {(None, "undefined")}
    assert all(m["reason"] for m in shares)
