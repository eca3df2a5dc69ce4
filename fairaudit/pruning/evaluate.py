"""What one set of weights does on the reporting part: decisions, and what fresh probes read from its bottleneck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.gated import run_with
from fairaudit.pruning.probe import KINDS, BiasProbe, Kind, probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One variant of the model on the reporting part."""

    decisions: NDArray[np.int64]
    """Decided class of every image."""
    probes: Mapping[tuple[int, Kind], BiasProbe]
    """Number of the bias and kind of reader → what it read."""


def evaluate(
    split: CutModel,
    head: Head,
    weights: Mapping[str, Tensor],
    fit: Examples,
    report: Examples,
    *,
    seed: int,
    batch_size: int = 256,
    kinds: Sequence[Kind] = KINDS,
) -> Evaluation:
    """Decide the reporting part and train fresh probes on the fitting part's features.

    Args:
        split: the model.
        head: how its outputs are read.
        weights: parameters and buffers that replace the model's own; empty for the model itself.
        fit: probes learn on these.
        report: decisions and probes are tested on these.
        seed: seed of the probes.
        batch_size: images at once.
        kinds: probes to train; none where decisions alone are wanted.
    """
    learn, _ = outputs(split, weights, fit, batch_size)
    test, logits = outputs(split, weights, report, batch_size)
    probes = {
        (number, kind): probe(
            kind, (learn, fit.biases[number]), (test, report.biases[number]), values=report.values[number], seed=seed
        )
        for number in range(len(report.biases))
        for kind in kinds
    }
    decisions = head.decide(head.scores(logits)).cpu().numpy().astype(np.int64)
    return Evaluation(decisions=decisions, probes=probes)


@torch.no_grad()
def outputs(
    split: CutModel, weights: Mapping[str, Tensor], examples: Examples, batch_size: int
) -> tuple[Tensor, Tensor]:
    """Bottleneck [image, feature] and logits [image, output] of all examples."""
    pairs = [run_with(split, images, weights) for images in torch.split(examples.images, batch_size)]
    return torch.cat([features for features, _ in pairs]), torch.cat([logits for _, logits in pairs])
