"""Images to latents and back, and what a generator that does not fit says."""

from pathlib import Path

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.generators.generator import Generator


def generator(encoder=lambda x: x.flatten(1), decoder=lambda z: z, shape=(1, 2, 2)):
    return Generator(name="g.pt", path=Path("g.pt"), sha256="0123456789abcdef99", format="torchscript", kind="Net",
                     module=nn.Identity(), encoder=encoder, decoder=decoder, image_shape=shape, parameters=1234,
                     device=torch.device("cpu"))  # fmt: skip


def raising(error):
    def fails(value):
        raise error

    return fails


def test_latents_of_every_image():
    assert generator().encode(torch.ones(3, 1, 2, 2)).shape == (3, 4)
    assert generator(shape=None).encode(torch.ones(3, 7)).shape == (3, 7)
    assert (
        generator()
        .describe()
        .startswith("g.pt: Net (torchscript), 1,234 parameters, images 1 x 2 x 2, sha256 0123456789abcdef")
    )
    assert "images any" in generator(shape=None).describe()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (generator(shape=(1, 3, 3)), r"another size than the classifier.*\[1, 2, 2\].*\[1, 3, 3\]"),
        (generator(encoder=lambda x: x.long()), "one latent per image"),
        (generator(encoder=lambda x: x[:1]), r"one latent per image.*\[1, 1, 2, 2\]"),
        (generator(encoder=lambda x: (x, x)), "returns no tensor.*tuple"),
        (
            generator(encoder=raising(RuntimeError("trace\nsizes differ"))),
            r"encode fails.*\[3, 1, 2, 2\] → sizes differ",
        ),
        (generator(encoder=raising(ValueError("bad"))), "encode fails"),
    ],
)
def test_what_does_not_fit_is_one_paragraph(made, words):
    with pytest.raises(ModelError, match=words):
        made.encode(torch.ones(3, 1, 2, 2))


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("x"), RuntimeError("DefaultCPUAllocator: out of memory")])
def test_running_out_of_memory_stays_what_it_is(error):
    with pytest.raises(type(error), match=str(error)):
        generator(decoder=raising(error)).decode(torch.ones(1, 4))
