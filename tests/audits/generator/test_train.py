"""What a generator learns from, under which names it is written, and requests that cannot be meant."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.generator import train
from fairaudit.audits.generator.train import GeneratorRequest, _check, _LearningRows, _model
from fairaudit.data.categorical import Categorical
from fairaudit.errors import UsageError
from fairaudit.generators.autoencoder import Autoencoder
from fairaudit.generators.train import GeneratorSettings


def column(name, codes, values=("0", "1")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


class Loader:
    preprocess = SimpleNamespace(channels=1)

    def __init__(self):
        attributes = {"tie": column("tie", [0, 1, -1, 1, 0]), "hat": column("hat", [2, 0, 1, 1, 2], ("a", "b", "c"))}
        self.manifest = SimpleNamespace(ids=list("abcde"), attributes=attributes, target=column("y", [1, 0, 1, -1, 1]))

    def input_size(self):
        return 28, 28

    def load(self, rows):
        read = [row for row in rows if row != 1]  # cannot be read
        images = torch.stack([torch.full((1, 28, 28), row / 255) for row in read])
        return SimpleNamespace(images=images, rows=np.array(read))


@pytest.mark.parametrize("most", [2**31, 0])
def test_rows_of_known_labels_whether_kept_or_read_again(monkeypatch, most):
    monkeypatch.setattr(train, "IN_MEMORY", most)
    rows = _LearningRows(Loader(), ("tie", "hat"))
    at = np.array([rows.count - 1, 0])
    batch = rows.fetch(at)
    assert batch.target.tolist() == [1, 1]
    assert batch.attribute.tolist() == [[0, 2], [0, 2]]
    torch.testing.assert_close(batch.images[:, 0, 0, 0], torch.tensor([4 / 255, 0.0]))
    assert rows.rows.tolist() == ([0, 4] if most else [0, 1, 4])
    plain = _LearningRows(Loader(), ())
    assert plain.fetch(np.array([0])).attribute is None


def request(kind="cvae", attributes=("tie",), **more):
    return GeneratorRequest(kind=kind, attributes=attributes, train=GeneratorSettings(), **more)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request(kind="diffusion"), "autoencoder or cvae"),
        (request(attributes=()), "needs an attribute"),
        (request(attributes=("tei",)), '"tie"'),
        (request(attributes=("tie", "tie")), "named twice"),
    ],
)
def test_requests_that_cannot_be_meant(asked, words):
    with pytest.raises(UsageError, match=words):
        _check(asked, Loader().manifest)


def test_a_conditional_one_knows_the_names_and_values_of_its_labels():
    _check(request(), Loader().manifest)
    settings = _model(request(attributes=("tie", "hat"), latent=4, width=4), Loader().manifest, 1, (28, 28), 0).settings
    assert (settings.target_name, settings.attribute_name, settings.more) == ("y", "tie", (("hat", ("a", "b", "c")),))
    assert (settings.latent, settings.width, settings.channels) == (4, 4, 1)


def test_weights_follow_the_seed():
    made = [_model(request(kind="autoencoder", width=4), Loader().manifest, 1, (28, 28), seed) for seed in (0, 0, 1)]
    first, again, other = (next(iter(model.parameters())) for model in made)
    assert isinstance(made[0], Autoencoder)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
