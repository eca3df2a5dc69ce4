"""On drawn faces the truth is known: the demonstration's models, exact twins, and a slow scan of every face alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import logit

from fairaudit.data.synthetic.faces import write
from fairaudit.demo.make import Recipe, demo_paths

SCRIPT = Path(__file__).with_name("twin_alignment.py")
FACES = 96
DROP = 0.6
FLAT = 0.005
"""A score that is higher than its lowest by no more than this has reached it."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn(script):
    return script(SCRIPT)


@pytest.fixture(scope="module")
def world(drawn):
    return drawn.DrawnTwins(drawn.smiling_faces(0, FACES), "fades"), drawn.necktie_probe(0, Recipe(train_images=1600))


@pytest.fixture(scope="module")
def models(demo_files):
    made = demo_paths(demo_files.folder)
    paths = {"biased": made.biased, "balanced": made.balanced}
    return {name: torch.jit.load(str(path)).eval() for name, path in paths.items()}


def walked(smile):
    """The last step that the walk takes, and whether it ends there: the score says stop, or it turned back."""
    best = 0
    for step in range(1, len(smile)):
        if smile[step] > smile[best] + 0.01:
            return best, True
        best = step
        if smile[0] - smile[step] > DROP or smile[step] < 0.05:
            return best, True
    return best, bool(smile[0] < 0.5)


def scanned(twins, model, probe, face):
    """Relative change of one face by a plain loop: its gradient, then small steps until the score says stop."""
    start = twins.latents(torch.tensor([face])).requires_grad_()
    slope = torch.autograd.grad(model(twins.decode(start)).sum(), start)[0]
    # Steps to where the mouth is at its end, and on to where the necktie is: beyond both nothing changes.
    ends = [float(twins.lengths[face, i] / slope[0, i].abs().clamp_min(1e-9)) for i in (0, 1)]
    steps = torch.cat([torch.linspace(0, 1.02 * end, 61) for end in ends]).sort().values
    latents = (start - steps[:, None] * slope).detach()
    smile, best = np.zeros(0), 0
    for few in latents.split(12):  # what lies behind the stop is not looked at
        with torch.no_grad():
            smile = np.concatenate([smile, model(twins.decode(few)).sigmoid()[:, 0].numpy()])
        best, stopped = walked(smile)
        if stopped:
            break
    if smile[0] < 0.5:
        return None
    # Where the score falls no more, going on takes away what the model does not read: stop where that is reached.
    best = int(np.flatnonzero(smile[: best + 1] <= smile[: best + 1].min() + FLAT)[0])
    moved = smile[0] - smile[best]
    if moved < 0.3:
        return None
    with torch.no_grad():
        there, gone = probe(twins.decode(latents[[0, best]])).sigmoid()[:, 0].tolist()
    return (there - gone) / moved


def estimated(drawn, twins, model, probe):
    """[face] relative change that the search finds, NaN where a face is not called smiling or does not move enough."""
    with torch.no_grad():
        scores = model(twins.decode(twins.latents(torch.arange(FACES)))).sigmoid()[:, 0].numpy()
    before, after = drawn.searched(twins, drawn.heads_of(model, probe), range(FACES))
    moved = before - after
    found = np.full(FACES, np.nan)
    enough = moved[:, 0] >= 0.3
    found[np.flatnonzero(scores >= 0.5)[enough]] = moved[enough, 1] / moved[enough, 0]
    return found


def test_the_estimate_is_the_truth_of_exact_twins(drawn, world, models):
    """Face by face the search finds what the scan finds, and the biased model's smile takes neckties with it.

    No mean decides: one face whose score falls far enough only with its necktie moves it by a hundredth, and which face
    that is depends on how the processor rounds while the models are trained. Seen with the models of two processors'
    kernels: 97 to 100 % of faces within .05, a median gap below 1e-6; beyond .05 are 6 to 9 % of the biased model's
    faces and 0 to 0.8 % of the balanced one's.
    """
    twins, probe = world
    beyond = {}
    for name, model in models.items():
        found = estimated(drawn, twins, model, probe)
        true = np.array(
            [np.nan if (value := scanned(twins, model, probe, face)) is None else value for face in range(FACES)]
        )
        both = ~np.isnan(found) & ~np.isnan(true)
        assert both.sum() > 0.9 * max((~np.isnan(found)).sum(), (~np.isnan(true)).sum())
        gaps = np.abs(found - true)[both]
        assert np.median(gaps) < 1e-3
        assert (gaps < 0.05).mean() > 0.93
        beyond[name] = (found[both] > 0.05).mean()
    assert beyond["biased"] > 0.03
    assert beyond["balanced"] < 0.02


def test_the_search_walks_as_far_as_its_rule_says(drawn, world, models):
    """To a drop of .6, or to .05, and hardly beyond; a relative change, being a ratio, does not tell a wrong length.

    The limits are wide: seen are 73 % of the biased model's faces and 85 % of the balanced one's that get there (the
    others turn back or change too much first), of which 99 % go at most 5 % too far in log-odds.
    """
    twins, probe = world
    for model in models.values():
        before, after = (part[:, 0] for part in drawn.searched(twins, drawn.heads_of(model, probe), range(FACES)))
        share = (logit(before) - logit(after)) / (logit(before) - logit(np.maximum(before - DROP, 0.05)))
        there = share > 0.999
        assert there.mean() > 0.4
        assert (share[there] < 1.05).mean() > 0.8


def test_drawings_are_the_demonstrations_own_faces(drawn, world, tmp_path):
    """At its own latents a face is the file that the demonstration writes, without its smile the twin's mouth alone."""
    from PIL import Image

    twins, _ = world
    faces = drawn.smiling_faces(0, FACES)
    write(tmp_path, {"test": faces})
    files = sorted((tmp_path / "faces").glob("test_?????.png"))
    assert len(files) == FACES
    stored = np.stack([np.asarray(Image.open(file)) for file in files]).transpose(0, 3, 1, 2)
    images = (twins.decode(twins.latents(torch.arange(8))) * 255).round().to(torch.uint8).numpy()
    for image in images:
        assert (stored == image).all(axis=(1, 2, 3)).sum() == 1
    assert len(faces) == FACES
