"""Frames of a conditional VAE: the paper's interpolation, alone and together, NaN where a label is missing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from fairaudit.audits.mitigation import data
from fairaudit.audits.mitigation.data import KeptFrames
from fairaudit.audits.mitigation.drawn import DrawnPart, drawn_part
from fairaudit.config.schema import Config
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.source import ArraySource
from fairaudit.errors import ModelError
from fairaudit.generators.checkpoint import save_generator
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings
from fairaudit.mitigation.methods.cia import augmented, drawn_of
from fairaudit.mitigation.samples import InMemory, Samples

COUNT, SIDE = 6, 28


@dataclass
class Model:
    """A classifier whose score is the mean of the image, times a factor."""

    mean: tuple = (0.5, 0.4, 0.3)
    std: tuple = (0.2, 0.2, 0.4)
    device: str = "cpu"
    factor: float = 0.0

    def normalise(self, images):
        mean, std = (torch.tensor(x).view(1, 3, 1, 1) for x in (self.mean, self.std))
        return (images - mean) / std

    def logits(self, images):
        return (self.factor * (images.mean((1, 2, 3)) - 0.5))[:, None]

    def scores(self, logits):
        return torch.cat([1 - logits.sigmoid(), logits.sigmoid()], 1)


@pytest.fixture
def made(tmp_path):
    torch.manual_seed(0)
    settings = CvaeSettings(size=(SIDE, SIDE), latent=4, width=8, attribute=("no", "yes"), attribute_name="tie",
                            more=(("hat", ("a", "b", "c")),))  # fmt: skip
    vae = ConditionalVae(settings).eval()
    save_generator(tmp_path / "generator.safetensors", vae)
    images = torch.rand(COUNT, 3, SIDE, SIDE)
    target, tie, hat = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 0, 1, 1, -1, 1]), torch.arange(6) % 3
    part = InMemory(
        samples=Samples(images=Model().normalise(images), target=target, attribute=tie), classes=2, groups=2
    )
    columns = {"tie": (("no", "yes"), tie), "hat": (("a", "b", "c"), hat)}
    manifest = Manifest(
        name="t", ids=tuple(map(str, range(COUNT))), folder=Path(),
        source=ArraySource(images=np.zeros((COUNT, 1, 1), np.uint8), names=tuple(map(str, range(COUNT)))),
        target=Categorical(name="y", values=("0", "1"), codes=target.numpy().astype(np.int32)),
        attributes={name: Categorical(name=name, values=values, codes=codes.numpy().astype(np.int32))
                    for name, (values, codes) in columns.items()},
    )  # fmt: skip
    return vae, images, part, manifest, tmp_path / "generator.safetensors"


def drawn(made, names, *, count=3, model=None):
    _, _, part, manifest, file = made
    config = Config.model_validate({"data": {"manifest": "x.csv", "attributes": ["tie", "hat"]},
                                    "audit": {"cvae": {"tie": str(file), "hat": str(file)}}})  # fmt: skip
    return drawn_part(part, manifest, np.arange(COUNT), names, config=config, classifier=model or Model(), count=count)


def test_frames_are_the_papers_interpolation(made):
    vae, images, *_ = made
    part, notes = drawn(made, ("tie",))
    rows = torch.tensor([3, 0])
    found = part.take(rows).drawn
    assert found.shape == (2, 3, 3, SIDE, SIDE)
    with torch.no_grad():
        own = vae.condition(torch.tensor([1, 0]), torch.tensor([[1, 0], [0, 0]]))
        other = vae.condition(torch.tensor([1, 0]), torch.tensor([[0, 0], [1, 0]]))
        latent = vae.posterior(images[rows], own).mean
        for step, delta in enumerate((1 / 3, 2 / 3, 1.0)):
            wanted = Model().normalise(vae.decode(latent, torch.lerp(own, other, delta)))
            assert torch.allclose(found[:, step], wanted, atol=1e-4)
    assert "3 frames in 1 way" in notes[0]


def test_several_attributes_change_alone_and_together(made):
    part, _ = drawn(made, ("tie", "hat"), count=1)
    assert part.drawers[0].flips == ((0,), (1,), (0, 1))
    assert part.take(torch.arange(2)).drawn.shape[1] == 3


def test_an_image_without_a_label_has_no_frames_and_adds_none(made):
    part, _ = drawn(made, ("tie",))
    batch = part.take(torch.tensor([4, 5]))
    assert torch.isnan(batch.drawn[0]).all()
    images, target = augmented(batch, drawn_of(batch))
    assert len(images) == 2 + 3
    assert target.tolist() == [0, 1, 1, 1, 1]


def test_what_fits_is_drawn_once(made, monkeypatch):
    part, _ = drawn(made, ("tie",))
    rows = torch.tensor([5, 1])
    wanted = part.take(rows)
    frames = KeptFrames(base=part.base, part=part)
    assert not frames.kept  # nothing is drawn before it is asked for
    assert torch.allclose(frames.take(rows).drawn, wanted.drawn, atol=1e-5)
    assert len(frames.kept[0]) == len(part)
    monkeypatch.setattr(DrawnPart, "take", None)  # from here on nothing can be drawn
    assert torch.equal(frames.take(rows).images, wanted.images)
    assert torch.allclose(frames.take(rows).drawn, wanted.drawn, atol=1e-5)


def test_what_does_not_fit_is_drawn_every_time(made, monkeypatch):
    part, _ = drawn(made, ("tie",))
    monkeypatch.setattr(data, "MEMORY", 1)
    frames = KeptFrames(base=part.base, part=part)
    rows = torch.tensor([5, 1])
    assert torch.allclose(frames.take(rows).drawn, part.take(rows).drawn, atol=1e-5)
    assert not frames.kept


def test_without_a_file_there_are_no_frames_and_a_bad_one_is_refused(made):
    assert drawn(made, ("other",)) == (None, [])
    with pytest.raises(ModelError, match="cannot augment"):
        drawn(made, ("tie",), model=Model(factor=500.0))
