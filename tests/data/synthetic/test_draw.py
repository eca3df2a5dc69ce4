from dataclasses import replace

import numpy as np
import pytest

from fairaudit.data.synthetic import draw as synthetic_draw
from fairaudit.data.synthetic.canvas import SIDE, Reach
from fairaudit.data.synthetic.draw import BOXED, PARTS, WINDOWS, boxes, draw
from fairaudit.data.synthetic.labels import VALUES
from fairaudit.data.synthetic.scene import make_scene, twin

COUNT = 70  # more than one chunk

FULL = Reach(0, SIDE, 0, SIDE)


@pytest.fixture(scope="module")
def scene():
    return make_scene(COUNT, seed=4, phi={"necktie": 0.5})


@pytest.fixture(scope="module")
def drawing(scene):
    return draw(scene, masks=tuple(PARTS))


def other(scene, label):
    return twin(scene, label, (scene.labels[label] + 1) % len(VALUES[label]))


def without_noise(scene):
    return replace(scene, nuisance={**scene.nuisance, "noise": np.zeros_like(scene.nuisance["noise"])})


def test_form(drawing):
    assert drawing.images.shape == (COUNT, 3, SIDE, SIDE)
    assert drawing.images.dtype == np.uint8
    assert set(drawing.masks) == set(PARTS)
    assert all(mask.shape == (COUNT, SIDE, SIDE) and mask.dtype == np.bool_ for mask in drawing.masks.values())


def test_seeds_reproduce_bytes(scene, drawing):
    assert draw(make_scene(COUNT, seed=4, phi={"necktie": 0.5})).images.tobytes() == drawing.images.tobytes()
    assert (draw(make_scene(COUNT, seed=5)).images != drawing.images).mean() > 0.5


def test_drawing_many_is_drawing_one_by_one(scene, drawing):
    for row in (0, 1, 37, 63, 64, 69):
        alone = draw(scene.take([row]), masks=("necktie",))
        np.testing.assert_array_equal(alone.images[0], drawing.images[row])
        np.testing.assert_array_equal(alone.masks["necktie"][0], drawing.masks["necktie"][row])


def test_no_shape_is_cut_by_its_window(scene, drawing, monkeypatch):
    monkeypatch.setattr(synthetic_draw, "WINDOWS", dict.fromkeys(WINDOWS, FULL))
    whole = draw(scene, masks=tuple(PARTS))
    np.testing.assert_array_equal(whole.images, drawing.images)
    for part, mask in whole.masks.items():
        np.testing.assert_array_equal(mask, drawing.masks[part])


def test_extreme_poses_are_not_cut_either(monkeypatch):
    rng = np.random.default_rng(0)
    base = make_scene(60, seed=0)
    ends = {name: np.where(rng.random(60) < 0.5, values.min(), values.max()) for name, values in base.nuisance.items()}
    scene = replace(base, nuisance={name: values.astype(np.float32) for name, values in ends.items()})
    before = draw(scene, masks=tuple(PARTS))
    monkeypatch.setattr(synthetic_draw, "WINDOWS", dict.fromkeys(WINDOWS, FULL))
    after = draw(scene, masks=tuple(PARTS))
    np.testing.assert_array_equal(before.images, after.images)
    for part in PARTS:
        np.testing.assert_array_equal(before.masks[part], after.masks[part])


@pytest.mark.parametrize("part", PARTS)
def test_a_twin_differs_inside_the_mask_of_its_part_only(scene, drawing, part):
    changed = (draw(other(scene, PARTS[part])).images != drawing.images).any(axis=1)
    assert not (changed & ~drawing.masks[part]).any()
    # Every face has the part, or lacks it, visibly: that is, no attribute is drawn on some faces only.
    assert changed.sum(axis=(1, 2)).min() >= 8


@pytest.mark.parametrize("part", ["necktie", "hat", "glasses"])
def test_masks_are_no_larger_than_the_part(scene, part):
    bare = without_noise(scene)
    drawing = draw(bare, masks=(part,))
    changed = (draw(other(bare, PARTS[part])).images != drawing.images).any(axis=1)
    assert changed.sum() > 0.9 * drawing.masks[part].sum()


def test_the_mask_does_not_depend_on_whether_the_part_is_there(scene, drawing):
    for part, label in PARTS.items():
        np.testing.assert_array_equal(draw(other(scene, label), masks=(part,)).masks[part], drawing.masks[part])


def test_boxes_are_the_tightest_around_the_masks(scene, drawing):
    found = boxes(scene)
    assert set(found) == set(BOXED)
    for part in BOXED:
        for row in range(COUNT):
            down, across = np.nonzero(drawing.masks[part][row])
            expected = [across.min(), down.min(), across.max() + 1, down.max() + 1]
            assert found[part][row].tolist() == expected


def test_parts_are_where_a_face_has_them(scene):
    found = boxes(scene)
    middle = {part: (box[:, 1] + box[:, 3]) / 2 for part, box in found.items()}
    assert (middle["hat"] < middle["glasses"]).all()
    assert (middle["glasses"] < middle["mouth"]).all()
    assert (found["mouth"][:, 3] <= found["necktie"][:, 1]).all()


def test_a_smile_has_higher_corners_than_middle():
    base = without_noise(make_scene(40, seed=1))
    flat = replace(base, nuisance={**base.nuisance, "tilt": np.zeros(40, dtype=np.float32)})
    smiles, frowns = draw(twin(flat, "smiling", 1)).images, draw(twin(flat, "smiling", 0)).images
    # Lips lower green: what a smile has lowered more than the neutral mouth, as weights.
    weights = np.clip(frowns[:, 1].astype(float) - smiles[:, 1], 0, None)
    rows = np.arange(SIDE)
    for weight, (x0, _, x1, _) in zip(weights, boxes(flat, ("mouth",))["mouth"], strict=True):
        far = np.abs(np.arange(SIDE) + 0.5 - (x0 + x1) / 2) / ((x1 - x0) / 2)
        outer, inner = (weight[:, columns].sum(axis=1) for columns in ((far > 0.7) & (far < 1), far < 0.35))
        assert (rows * outer).sum() / outer.sum() < (rows * inner).sum() / inner.sum() - 1


def test_a_necktie_is_the_more_obvious_cue(scene):
    bare = without_noise(scene)
    images = draw(bare).images.astype(float)
    change = {
        label: np.abs(draw(twin(bare, label)).images - images).sum(axis=(1, 2, 3)).mean()
        for label in ("necktie", "smiling")
    }
    assert change["necktie"] > 3 * change["smiling"]


def test_drawing_leaves_the_global_random_state_alone(scene):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    draw(scene.take([0]))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
