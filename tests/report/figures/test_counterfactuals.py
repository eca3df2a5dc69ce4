from __future__ import annotations

import io
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.counterfactuals import alignment_plot, animation, matrices, strips

FRAMES = np.linspace(0, 1, 2 * 4 * 6 * 5 * 3).reshape(2, 4, 6, 5, 3)


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_strip_is_a_picture_and_the_same_every_time() -> None:
    texts = [["0.9", "0.7", "0.5", "0.3"], ["$1$", "", "<b>", "0.3"]]
    made = [strips(FRAMES, ["a", "b"], texts, heading="h", steps=["x0", "", "", "x"]) for _ in range(2)]
    assert made[0] == made[1]
    assert _open(made[0]).format == "PNG"
    assert min(_open(made[0]).size) > 100


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_goes_there_and_back(kind: Literal["gif", "webp"]) -> None:
    frames = np.zeros((2, 4, 6, 5, 1))
    frames[:] = np.array([0.0, 0.3, 0.6, 0.9])[None, :, None, None, None]
    picture = _open(animation(frames, kind=kind, scale=2))
    # Four frames there and the two inner ones back; two images of 5 × 6 pixels beside each other, twice as large.
    assert (picture.n_frames, picture.size) == (6, (20, 12))
    seen = []
    for index in range(6):
        picture.seek(index)
        seen.append(float(np.asarray(picture.convert("L")).mean()) / 255)
    np.testing.assert_allclose(seen, [0.0, 0.3, 0.6, 0.9, 0.6, 0.3], atol=0.05)


def test_a_plot_takes_no_other_heads_too() -> None:
    base = np.linspace(0.9, 0.2, 8)[None].repeat(3, axis=0)
    for heads in (0, 2):
        names = [f"head {number}" for number in range(heads)]
        data = alignment_plot(base, np.zeros((3, 8, heads)), names, base_name="smiling", heading="h")
        assert _open(data).format == "PNG"


def test_matrices_take_undefined_entries_and_large_numbers() -> None:
    table = np.array([[1.0, np.nan, -1.48], [0.2, 3.0, 0.0]])
    data = matrices(
        [("relative change", table), ("correlation", table)], ["a", "b"], ["a", "b", "c"], heading="h", marked=table > 1
    )
    assert _open(data).format == "PNG"
    wide = matrices([("relative change", np.zeros((20, 20)))], ["a"] * 20, ["b"] * 20, heading="h")
    assert _open(wide).size[0] > 400


def test_refused_cells_have_no_colour() -> None:
    """The cell of a strong alignment is red where it may be relied on, and grey where it is refused."""
    table = np.array([[1.0, 0.54]])

    def drawn(refused: list[bool] | None) -> np.ndarray:
        data = matrices(
            [("relative change", table)],
            ["smiling"],
            ["smiling", "necktie"],
            heading="h",
            refused=None if refused is None else [refused],
        )
        return np.asarray(_open(data).convert("RGB"), np.int64)

    def coloured(picture: np.ndarray) -> int:
        return int((picture.max(axis=2) - picture.min(axis=2) > 60).sum())

    shown, struck = drawn([False, False]), drawn([False, True])
    np.testing.assert_array_equal(shown, drawn(None))
    assert coloured(struck) < coloured(shown) - 300


def test_frames_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[row, frame, height, width, 1 or 3\]"):
        animation(np.zeros((4, 6, 5, 3)))
