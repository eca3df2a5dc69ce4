"""Plain minibatch training of small networks on the CPU: seeded, and repeatable on the same machine."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.errors import OutputError
from fairaudit.seeds import child_seed

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""
Loss = Callable[[Tensor, Tensor], Tensor]


def build(factory: Callable[[], nn.Module], *, seed: int) -> nn.Module:
    """A network whose initial weights depend on the seed only; the caller's random state stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "initial weights"))
        return factory()


def train(
    network: nn.Module,
    images: Tensor,
    target: Tensor,
    *,
    seed: int,
    epochs: int,
    batch_size: int = 48,
    rate: float = 4e-3,
    loss: Loss | None = None,
    progress: Progress | None = None,
) -> None:
    """Fit a network in place with Adam and one cycle of the learning rate; it is left in evaluation mode.

    One logit is trained with the binary cross-entropy, several with the softmax cross-entropy, or with another loss.

    Args:
        network: from images to logits [image, output].
        images: inputs [image, channel, row, column]; 8-bit ones are seen in [0, 1].
        target: class of each image [image].
        seed: seed of the order of the images.
        epochs: passes over the images.
        batch_size: images per step; a last, smaller batch of an epoch is left out.
        rate: the cycle's highest learning rate.
        loss: of logits [image, output] and classes [image].
        progress: called after every step.
    """
    order = torch.Generator().manual_seed(child_seed(seed, "order"))
    batch_size = min(batch_size, len(images))
    per_epoch = len(images) // batch_size
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=epochs * per_epoch)
    network.train()
    for epoch in range(epochs):
        batches = torch.randperm(len(images), generator=order)[: per_epoch * batch_size].view(per_epoch, batch_size)
        for step, rows in enumerate(batches, start=1):
            optimiser.zero_grad(set_to_none=True)
            (loss or _loss)(network(_unit(images[rows])), target[rows]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            cycle.step()
            if progress is not None:
                progress(epoch * per_epoch + step, epochs * per_epoch)
    network.eval()


def save_script(network: nn.Module, path: Path) -> None:
    """Write a network as a TorchScript archive, which opens without its Python class.

    Raises:
        OutputError: the file cannot be written.
    """
    with warnings.catch_warnings():
        # TorchScript is deprecated since torch 2.11; it is still what release pipelines ship, and what is shown here.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        script = torch.jit.script(network.eval())
        try:
            torch.jit.save(script, path)
        except (OSError, RuntimeError) as error:
            raise OutputError("The model cannot be written.", where=str(path), found=str(error)) from error


def _unit(images: Tensor) -> Tensor:
    return images.float() / 255 if images.dtype == torch.uint8 else images


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits[:, 0], target.float())
    return F.cross_entropy(logits, target)
