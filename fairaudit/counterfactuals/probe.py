"""A classifier for an attribute that has none: a small network fitted on the manifest's own column."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.errors import DataError
from fairaudit.seeds import child_seed

FetchImages = Callable[[NDArray[np.int64]], Tensor]
"""Rows → images [n, c, h, w] in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """How a probe is fitted."""

    epochs: int = 8
    """Passes over the training rows, more where that would be fewer than `steps`."""
    steps: int = 120
    """Fewest steps: a few images make few steps a pass, and a probe that has not learnt says nothing."""
    batch_size: int = 48
    """Images per step."""
    rate: float = 4e-3
    """Adam's largest rate, in one cycle."""
    held_out: float = 0.25
    """Share of the rows that its accuracy is measured on."""
    least: int = 20
    """Fewest training images of any value."""
    seed: int = 0
    """Seed of weights, split and order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeProbe:
    """A fitted probe and how good it is on images it has not seen."""

    module: nn.Module
    """Images in [0, 1], [n, c, h, w] → logits [n, K]; no normalisation before it."""
    accuracy: float
    """Share of held-out images that it gets right."""
    balanced_accuracy: float
    """Mean over values of the share of their held-out images that it gets right; NaN if a value has none."""
    majority: float
    """Share of the most frequent value among the held-out images: what guessing reaches."""
    train_images: int
    """Images it was fitted on."""
    test_images: int
    """Images it was measured on."""
    drawn_accuracy: float | None = None
    """The same share on the held-out images' reconstructions; None without a generator."""


def train_probe(
    fetch: FetchImages,
    codes: NDArray[np.int32],
    values: int,
    *,
    drawn: FetchImages | None = None,
    settings: ProbeSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AttributeProbe:
    """Fit a small network on an attribute's known rows and measure it on the held-out ones.

    The rows must not be the audited ones. A probe that saw a biased sample learns the bias: fit it where the attribute
    and the target are not tied.

    Args:
        fetch: gives images of rows.
        codes: attribute codes of all rows, −1 for unknown.
        values: number K of values.
        drawn: gives the same rows as a generator reconstructs them; every other image of a step is then one of these.
            A probe that has only seen photographs may read nothing, or anything, in a generator's pictures, which lack
            the noise of single pixels, and counterfactuals are such pictures.
        settings: see there.
        progress: called with the images done and all of them.

    Raises:
        DataError: a value with too few images.
    """
    chosen = settings or ProbeSettings()
    known = np.flatnonzero(codes >= 0)
    order = np.random.default_rng(child_seed(chosen.seed, "probe", "split")).permutation(known)
    held = max(1, round(chosen.held_out * len(order))) if len(order) else 0
    learn, test = order[held:], order[:held]
    counts = np.bincount(codes[learn], minlength=values)
    if counts.min() < chosen.least:
        raise DataError(
            "A probe cannot be fitted on so few images",
            wanted=f"{chosen.least} training images of every value",
            found=", ".join(str(count) for count in counts),
            advice="Give more rows with --probe-split, or leave --train-probe out.",
        )
    module = _fit(fetch if drawn is None else _alternating(fetch, drawn), codes, learn, values, chosen, progress)
    right = _decisions(module, fetch, test, chosen.batch_size) == codes[test]
    shown = None if drawn is None else _decisions(module, drawn, test, chosen.batch_size) == codes[test]
    present = [right[codes[test] == value] for value in range(values)]
    return AttributeProbe(
        module=module,
        accuracy=float(right.mean()),
        balanced_accuracy=float(np.mean([part.mean() if len(part) else np.nan for part in present])),
        majority=float(np.bincount(codes[test], minlength=values).max() / len(test)),
        train_images=len(learn),
        test_images=len(test),
        drawn_accuracy=None if shown is None else float(shown.mean()),
    )


def _alternating(fetch: FetchImages, drawn: FetchImages) -> FetchImages:
    """Every other row as a generator reconstructs it; the order is drawn anew in every epoch, so rows come as both."""

    def mixed(rows: NDArray[np.int64]) -> Tensor:
        images = fetch(rows).clone()
        images[1::2] = drawn(rows[1::2])
        return images

    return mixed


def _fit(
    fetch: FetchImages,
    codes: NDArray[np.int32],
    rows: NDArray[np.int64],
    values: int,
    settings: ProbeSettings,
    progress: Callable[[int, int], None] | None,
) -> nn.Module:
    module = _network(int(fetch(rows[:1]).shape[1]), values, settings.seed)
    steps = math.ceil(len(rows) / settings.batch_size)
    epochs = max(settings.epochs, math.ceil(settings.steps / steps))
    optimiser = torch.optim.Adam(module.parameters(), lr=settings.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.rate, total_steps=steps * epochs)
    weights = len(rows) / (values * np.bincount(codes[rows], minlength=values))
    balance = torch.from_numpy(weights.astype(np.float32))
    for epoch in range(epochs):
        order = np.random.default_rng(child_seed(settings.seed, "probe", "order", epoch)).permutation(rows)
        for step in range(steps):
            batch = order[step * settings.batch_size : (step + 1) * settings.batch_size]
            wanted = torch.from_numpy(codes[batch]).long()
            loss = F.cross_entropy(module(fetch(batch)), wanted, weight=balance)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            if progress is not None:
                progress(epoch * len(rows) + min(len(rows), (step + 1) * settings.batch_size), epochs * len(rows))
    return module.eval().requires_grad_(False)


@torch.no_grad()
def _decisions(module: nn.Module, fetch: FetchImages, rows: NDArray[np.int64], batch_size: int) -> NDArray[np.int64]:
    parts = [
        module(fetch(rows[start : start + batch_size])).argmax(dim=1).numpy()
        for start in range(0, len(rows), batch_size)
    ]
    return np.concatenate(parts).astype(np.int64)


def _network(channels: int, values: int, seed: int) -> nn.Module:
    """Four strided convolutions, a mean over the image and a linear layer; no layer that mixes images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "probe", "weights"))
        layers: list[nn.Module] = []
        for before, after in ((channels, 16), (16, 32), (32, 48), (48, 64)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(1, after), nn.ReLU()]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, values))
