"""Prunes the planted bias out of one model of a self-test, and says whether that closed the gap it had opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.study.study import Study
from fairaudit.audits.selftest.flags import Flag
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.measures.intervals.proportion import normal_quantile
from fairaudit.pruning.encoder import split
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.gated import pruned
from fairaudit.pruning.parts import divide
from fairaudit.pruning.search import MaskSearchSettings, search

SETTINGS = MaskSearchSettings(epochs=5, patience=3, levels=8, batch_size=50)
"""A short search: whether pruning helps at all shows in it."""
EXAMPLES = 4
"""Images that the model is lifted on."""

Bools = NDArray[np.bool_]


def prune_flags(study: Study, places: Sequence[tuple[str, str | None]]) -> Iterator[Flag]:
    """One flag per planted attribute: whether pruning it out closes the gap in accuracy along it.

    The audited images fit, choose and report in three disjoint parts.

    Raises:
        DataError: there are too few images for three parts.
        ModelError: the model cannot be lifted, cut or searched.
    """
    attributes = [attribute for attribute, _ in places]
    parts = divide(study.manifest, seed=study.options.seed)
    fit, choose, report = (_examples(part, attributes, study) for part in (parts.fit, parts.choose, parts.report))
    example = study.material.loader.load(range(min(EXAMPLES, len(study.manifest)))).images
    cut = split(study.candidate.lifted(example).module)
    masks = search(cut, study.candidate.head, fit, choose, SETTINGS).masks

    def right() -> Bools:
        with torch.no_grad():
            _, logits = cut.features(report.images)
        decisions = study.candidate.head.decide(study.candidate.head.scores(logits))
        return np.asarray((decisions == report.target).cpu().numpy(), np.bool_)

    before = right()
    with pruned(cut, masks):
        after = right()
    target = report.target.cpu().numpy()
    for (attribute, region), codes in zip(places, report.biases, strict=True):
        low, high = gap_closed(before, after, codes.cpu().numpy() == target, level=study.config.audit.level)
        undecided = "" if low > 0 or high <= 0 else f"the gap closes by {low:.3f} to {high:.3f}"
        yield Flag(audit="prune", attribute=attribute, region=region, flagged=bool(low > 0), reason=undecided)


def gap_closed(before: Bools, after: Bools, aligned: Bools, *, level: float) -> tuple[float, float]:
    """How far the gap in accuracy between aligned and conflicting images fell, as a normal interval.

    With d_i = after_i − before_i, the estimate is mean d over conflicting less mean d over aligned images, and its
    variance the sum of both means' own. Positive is better. NaN to NaN where a side has fewer than two images.

    Args:
        before: whether each decision was right, [image].
        after: the same of the pruned model.
        aligned: whether the bias goes with the class.
        level: coverage.
    """
    changes = after.astype(np.float64) - before.astype(np.float64)
    sides = [changes[~aligned], changes[aligned]]
    if any(len(side) < 2 for side in sides):
        return float("nan"), float("nan")
    middle = float(sides[0].mean() - sides[1].mean())
    half = normal_quantile(level) * float(np.sqrt(sum(side.var(ddof=1) / len(side) for side in sides)))
    return middle - half, middle + half


def _examples(manifest: Manifest, attributes: Sequence[str], study: Study) -> Examples:
    batch = Loader(manifest, study.config.preprocess, {}, study.options.workers).load(range(len(manifest)))
    with torch.no_grad():
        images = study.candidate.normalise(batch.images)

    def codes(values: NDArray[np.int32]) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.int64)).to(images.device)

    return Examples(
        images=images,
        target=codes(batch.target),
        biases=tuple(codes(batch.attributes[name]) for name in attributes),
        values=tuple(len(manifest.attributes[name].values) for name in attributes),
    )
