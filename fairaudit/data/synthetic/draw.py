"""Draws synthetic faces: a scene in, 8-bit images, masks and boxes out, many images at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.synthetic import palette
from fairaudit.data.synthetic.canvas import SIDE, Array, Canvas, Frame, Reach, box, cover, ellipse
from fairaudit.data.synthetic.scene import Scene

PARTS = {"mouth": "smiling", "necktie": "necktie", "hat": "hat", "glasses": "glasses", "skin": "skin", "hair": "hair"}
"""The parts that have a mask, and the label that changes each."""

BOXED = ("mouth", "necktie", "hat", "glasses")
"""The parts whose box is worth writing to a manifest."""

_CHUNK = 64
_BODY_Y = 47.5

WINDOWS: Mapping[str, Reach] = {
    "long hair": Reach(2, 60, 8, 56),
    "shirt": Reach(42, 64, 0, 64),
    "neck": Reach(34, 56, 20, 44),
    "collar": Reach(44, 64, 20, 44),
    "necktie": Reach(44, 64, 22, 42),
    "head": Reach(4, 50, 10, 54),
    "eyes": Reach(14, 36, 18, 46),
    "nose": Reach(22, 40, 24, 40),
    "mouth": Reach(26, 46, 20, 44),
    "hair": Reach(4, 34, 10, 54),
    "glasses": Reach(14, 38, 14, 50),
    "hat": Reach(0, 26, 8, 56),
}
"""Where each group of shapes can be, for every value of the nuisance parameters."""


class DrawnFaces(NamedTuple):
    """Drawn faces."""

    images: NDArray[np.uint8]
    """[image, channel, row, column]."""
    masks: dict[str, NDArray[np.bool_]]
    """Part → [image, row, column]: the pixels that the part can touch, whether or not this face has it."""


class _Pose(NamedTuple):
    scene: Scene
    head: Frame
    body: Frame


def draw(scene: Scene, *, masks: Sequence[str] = ()) -> DrawnFaces:
    """The faces of a scene.

    A face's pixels depend on its own row of the scene only. Changing one label changes no pixel outside the mask of
    its part.

    Args:
        scene: the faces.
        masks: parts whose masks are wanted, of `PARTS`.
    """
    images = np.empty((len(scene), 3, SIDE, SIDE), dtype=np.uint8)
    kept = {part: np.empty((len(scene), SIDE, SIDE), dtype=np.bool_) for part in masks}
    for rows in _chunks(len(scene)):
        some = scene.take(rows)
        canvas = _paint(some)
        clean = canvas.planes.transpose(3, 0, 1, 2) * np.float32(255)
        images[rows] = np.clip(np.rint(clean + _noise(some)), 0, 255).astype(np.uint8)
        for part, out in kept.items():
            out[rows] = canvas.masks[part].transpose(2, 0, 1)
    return DrawnFaces(images, kept)


def boxes(scene: Scene, parts: Sequence[str] = BOXED) -> dict[str, NDArray[np.int64]]:
    """Part → [image, 4]: the smallest boxes x0, y0, x1, y1 in pixels, end-exclusive, around the masks of the parts."""
    found = {part: np.empty((len(scene), 4), dtype=np.int64) for part in parts}
    for rows in _chunks(len(scene)):
        canvas = _paint(scene.take(rows))
        for part, out in found.items():
            out[rows] = _extent(canvas.masks[part])
    return found


def _extent(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    across: NDArray[np.bool_] = np.logical_or.reduce(mask, axis=0)
    down: NDArray[np.bool_] = np.logical_or.reduce(mask, axis=1)
    ends = (
        across.argmax(axis=0),
        down.argmax(axis=0),
        SIDE - across[::-1].argmax(axis=0),
        SIDE - down[::-1].argmax(axis=0),
    )
    return np.stack(ends, axis=1)


def _chunks(images: int) -> Iterator[slice]:
    for start in range(0, images, _CHUNK):
        yield slice(start, min(start + _CHUNK, images))


def _noise(scene: Scene) -> Array:
    shape = (3, SIDE, SIDE)
    drawn = [np.random.default_rng(int(seed)).standard_normal(shape, dtype=np.float32) for seed in scene.noise_seed]
    return np.stack(drawn) * scene.nuisance["noise"][:, None, None, None]


def _paint(scene: Scene) -> Canvas:
    some = scene.nuisance
    pose = _Pose(
        scene=scene,
        head=Frame(some["head_x"], some["head_y"], some["scale"], some["tilt"]),
        body=Frame(
            some["head_x"] + some["body_x"], _BODY_Y + some["body_y"], some["scale"], np.zeros_like(some["tilt"])
        ),
    )
    canvas = Canvas(len(scene))
    for layer in _LAYERS:
        layer(canvas, pose)
    return canvas


def _background(canvas: Canvas, pose: _Pose) -> None:
    some = pose.scene.nuisance
    ramp = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / SIDE - np.float32(0.5)
    slope = ramp[:, None, None] * some["back_slope_y"] + ramp[None, :, None] * some["back_slope_x"]
    for plane, name in zip(canvas.planes, ("back_red", "back_green", "back_blue"), strict=True):
        plane[:] = some[name] + slope


def _long_hair(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["long hair"]
    u, v = pose.head.at(window)
    some = pose.scene.nuisance
    shape = cover(ellipse(u, v - 3, some["width"] + 3, 19), some["scale"]) * (some["hair_long"] > np.float32(0.5))
    canvas.touch("hair", window, shape)
    canvas.paint(window, shape, palette.hair(pose.scene))


def _body(canvas: Canvas, pose: _Pose) -> None:
    some, colour = pose.scene.nuisance, palette.shirt(pose.scene)
    window = WINDOWS["shirt"]
    u, v = pose.body.at(window)
    canvas.paint(window, cover(ellipse(u, v - 18, some["shoulders"], 18.5), some["scale"]), colour)
    window = WINDOWS["neck"]
    u, v = pose.body.at(window)
    throat = np.maximum(np.abs(u) - np.minimum(np.float32(5.2), np.float32(4.5) - v), -12 - v)
    shape = cover(throat, some["scale"])
    canvas.touch("skin", window, shape)
    canvas.paint(window, shape, palette.skin(pose.scene) - np.float32(0.06))
    window = WINDOWS["collar"]
    u, v = pose.body.at(window)
    edge = np.maximum(np.abs(np.abs(u) - (np.float32(5.0) - v)) - np.float32(0.45), np.abs(v - np.float32(2.0)) - 3)
    buttons = np.maximum(np.abs(u) - np.float32(0.4), 5 - v)
    canvas.paint(window, cover(np.minimum(edge, buttons), some["scale"]), colour * np.float32(0.72))


def _necktie(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["necktie"]
    u, v = pose.body.at(window)
    some = pose.scene.nuisance
    knot = np.maximum(
        np.abs(u) - (np.float32(2.9) - np.float32(0.3) * v), np.abs(v - np.float32(2.2)) - np.float32(2.2)
    )
    blade_width = np.minimum(np.float32(1.8) + np.float32(0.35) * (v - 4), some["tie_width"])
    blade = np.maximum(np.abs(u) - blade_width, 4 - v)
    shape = cover(np.minimum(knot, blade), some["scale"])
    canvas.touch("necktie", window, shape)
    shape = shape * pose.scene.labels["necktie"].astype(np.float32)
    canvas.paint(window, shape, palette.necktie(pose.scene))
    stripes = np.clip(np.float32(1.5) * np.sin((u + v) * np.float32(1.4)), 0, 1) * some["tie_stripe"]
    canvas.paint(window, shape * stripes, np.ones((3, len(pose.scene)), dtype=np.float32))


def _head(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["head"]
    u, v = pose.head.at(window)
    some, colour = pose.scene.nuisance, palette.skin(pose.scene)
    ears = ellipse(np.abs(u) - some["width"], v, 2.2, 3.4)
    shape = cover(np.minimum(ears, ellipse(u, v, some["width"], 16)), some["scale"])
    canvas.touch("skin", window, shape)
    canvas.paint(window, shape, colour)
    window = WINDOWS["nose"]
    u, v = pose.head.at(window)
    nose = cover(np.maximum(np.abs(u) - np.float32(0.3) * (v + 1), np.abs(v - 2) - 2), some["scale"])
    canvas.touch("skin", window, nose)
    canvas.paint(window, nose, colour - np.float32(0.10))


def _eyes(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["eyes"]
    u, v = pose.head.at(window)
    some = pose.scene.nuisance
    side = np.abs(u) - some["eye_gap"]
    v = v + 2
    canvas.paint(window, cover(ellipse(side, v, 2.6, some["eye_open"]), some["scale"]), _flat(pose, 0.95))
    iris = ellipse(np.where(u > 0, u - some["eye_gap"], u + some["eye_gap"]) - some["gaze"], v, 1.1, 1.1)
    canvas.paint(window, cover(iris, some["scale"]), _flat(pose, 0.12))
    brow = box(side, v - 2 - some["brow_y"] + side * some["brow_slant"], 2.9, 0.5)
    shape = cover(brow, some["scale"])
    canvas.touch("hair", window, shape)
    canvas.paint(window, shape, palette.hair(pose.scene) * np.float32(0.7))


def _mouth(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["mouth"]
    u, v = pose.head.at(window)
    some, smiling = pose.scene.nuisance, pose.scene.labels["smiling"] == 1
    u = u - some["mouth_x"]
    v = v - some["mouth_y"]
    shapes = {}
    for name in ("smile_rise", "neutral_rise"):
        # A parabola whose mean over the mouth's width stays in place: v = rise * (1/3 - (u / width)²).
        rise, width = some[name], some["mouth_width"]
        steep = 2 * rise * u / width**2
        line = np.abs(v - rise * (np.float32(1 / 3) - (u / width) ** 2)) / np.sqrt(1 + steep**2)
        shapes[name] = cover(np.maximum(line - some["mouth_lips"], np.abs(u) - width), some["scale"])
        canvas.touch("mouth", window, shapes[name])
    canvas.paint(window, np.where(smiling, shapes["smile_rise"], shapes["neutral_rise"]), palette.lips(pose.scene))


def _hair(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["hair"]
    u, v = pose.head.at(window)
    some = pose.scene.nuisance
    line = v - some["hair_line"] - np.float32(0.035) * u**2
    shape = cover(np.maximum(ellipse(u, v, some["width"] + 1, 17), line), some["scale"])
    canvas.touch("hair", window, shape)
    canvas.paint(window, shape, palette.hair(pose.scene))


def _glasses(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["glasses"]
    u, v = pose.head.at(window)
    some = pose.scene.nuisance
    v = v + 2
    rings = np.abs(ellipse(np.abs(u) - some["eye_gap"], v, 3.9, 3.9)) - np.float32(0.55)
    bridge = box(u, v, np.maximum(some["eye_gap"] - np.float32(3.9), 0), 0.5)
    temple = box(np.abs(u) - some["eye_gap"] - 6, v, 2.2, 0.5)
    shape = cover(np.minimum(np.minimum(rings, bridge), temple), some["scale"])
    canvas.touch("glasses", window, shape)
    shape = shape * pose.scene.labels["glasses"].astype(np.float32)
    canvas.paint(window, shape, palette.grey(some["frame_dark"]))


def _hat(canvas: Canvas, pose: _Pose) -> None:
    window = WINDOWS["hat"]
    u, v = pose.head.at(window)
    some, colour = pose.scene.nuisance, palette.hat(pose.scene)
    v = v + 10
    worn = pose.scene.labels["hat"].astype(np.float32)
    crown = cover(
        np.maximum(box(u, v + 5, some["hat_crown"], 6), ellipse(u, v + 1, some["hat_crown"] + 3, 11)), some["scale"]
    )
    brim = cover(box(u, v, some["width"] + 3, 1.3), some["scale"])
    canvas.touch("hat", window, np.maximum(crown, brim))
    canvas.paint(window, crown * worn, colour)
    canvas.paint(window, brim * worn, colour * np.float32(0.7))


def _flat(pose: _Pose, value: float) -> Array:
    return np.full((3, len(pose.scene)), value, dtype=np.float32)


_LAYERS: tuple[Callable[[Canvas, _Pose], None], ...] = (
    _background,
    _long_hair,
    _body,
    _necktie,
    _head,
    _eyes,
    _mouth,
    _hair,
    _glasses,
    _hat,
)
