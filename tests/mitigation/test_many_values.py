"""Three target values, three attribute values, one output of several: a usable edit, or a refusal with its reason."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import GroupThresholds, Noted, edited
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.registry import EVERY, METHODS
from fairaudit.mitigation.samples import InMemory, Samples
from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import split
from fairaudit.pruning.train import TuneSettings
from tests.mitigation.conftest import SIDE, seeded, sigmoid_head, small_net, softmax_head

TWO_TARGETS = {"thropt", "thropt-group"}
TWO_GROUPS = {"p-clarc", "p-clarc-conv", "a-clarc", "rr-clarc"}
MULTILABEL = Head(link="multilabel", outputs=3, index=1, classes=("0", "1"), names=("hat", "smile", "tie"))


def part_of(count, classes, groups, seed):
    """Noise that target and attribute brighten, in the upper and in the lower half; every cell has images."""
    draw = np.random.default_rng(seed)
    target, attribute = np.arange(count) % classes, (np.arange(count) // classes) % groups
    pixels = draw.normal(0, 0.2, (count, 1, SIDE, SIDE))
    pixels[:, :, :3] += target[:, None, None, None]
    pixels[:, :, 4:] += attribute[:, None, None, None]
    masks = np.zeros((count, SIDE, SIDE), bool)
    masks[:, 4:] = True
    images = torch.from_numpy(pixels).float()
    samples = Samples(images=images, target=torch.from_numpy(target), attribute=torch.from_numpy(attribute),
                      masks=torch.from_numpy(masks), frames=images[:, None] + 0.1)  # fmt: skip
    return InMemory(samples=samples, classes=classes, groups=groups)


def task_of(head, classes, groups):
    debias = part_of(90, classes, groups, 0)
    network = seeded(lambda: small_net(head.outputs))
    return Task(
        split=split(lift(network, debias.samples.images[:4]).module), head=head, debias=debias,
        drawn=InMemory(samples=replace(debias.samples, drawn=debias.samples.frames), classes=classes, groups=groups),
        choose=part_of(90, classes, groups, 1), balanced=part_of(90, classes, groups, 2),
        train=TuneSettings(epochs=1, batch_size=30, rate=1e-3, seed=0),
    )  # fmt: skip


TASKS = {
    "three targets": (softmax_head(3), 3, 2, TWO_TARGETS),
    "three groups": (sigmoid_head(), 2, 3, TWO_GROUPS),
    "three of both": (softmax_head(3), 3, 3, TWO_TARGETS | TWO_GROUPS),
    "one output of three": (MULTILABEL, 2, 2, set()),
}


@pytest.fixture(scope="module", params=TASKS)
def asked(request):
    head, classes, groups, refused = TASKS[request.param]
    return task_of(head, classes, groups), refused


@pytest.mark.parametrize("name", EVERY)
def test_every_method_fits_or_says_why_it_cannot(asked, name):
    task, refused = asked
    method = METHODS[name]
    task = replace(task, strength=method.strength)
    if name in refused:
        with pytest.raises(MethodError, match="of two values"):
            method.fit(task)
        return
    found = method.fit(task)
    edit = found.edit if isinstance(found, Noted) else found
    if isinstance(edit, GroupThresholds):
        assert len(edit.groups) == task.debias.groups
        return
    with torch.no_grad():
        logits = edited(task.split, edit)(task.choose.samples.images)[1]
    assert logits.shape == (90, task.head.outputs)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", ["dfr", "afr", "leace", "thropt"])
def test_outputs_that_do_not_predict_the_target_stay_where_only_the_last_layer_is_fitted(name):
    task = task_of(MULTILABEL, 2, 2)
    images = task.choose.samples.images
    with torch.no_grad():
        before = task.split.module.eval()(images)[1]
        edit = METHODS[name].fit(replace(task, strength=METHODS[name].strength))
        after = edited(task.split, edit)(images)[1]
    moved = (after - before).abs().amax(0)
    assert moved[1] > 1e-4 or name == "thropt"
    if name != "leace":  # it erases the attribute for every reader
        assert moved[0] == pytest.approx(0.0, abs=1e-5)
        assert moved[2] == pytest.approx(0.0, abs=1e-5)
