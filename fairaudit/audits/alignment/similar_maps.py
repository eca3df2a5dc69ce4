"""Whether the attribution maps of two classifiers are alike: what counterfactual alignment is compared with (A.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fairaudit.audits.alignment.evidence import AlignmentEvidence
from fairaudit.audits.core.stream.audit import Total
from fairaudit.audits.core.study.methods import completed
from fairaudit.data.batch import readable
from fairaudit.errors import LiftError, MethodError, UsageError
from fairaudit.measures.regions.map_similarity import SIMILARITIES, Similarity, similarities
from fairaudit.results.measurement import Measurement
from fairaudit.saliency.method import Method, TakesLabels
from fairaudit.saliency.outputs import ModelOutputs, ScoreFunction
from fairaudit.saliency.registry import method as make_method
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate, Subject, row

SAMPLE = 48
"""Images whose maps are compared, drawn with the seed from those that were scored."""
NOTE = (
    "Similar maps of two classifiers say that both look at the same places, not that they use the same "
    "features: where maps are similar and the relative change is near 0 or below it, the counterfactuals tell apart "
    "what "
    "maps cannot (section A.1 of the counterfactual alignment paper). These maps were not checked; `fairaudit "
    "saliency` does that."
)
_BOUND = "both are outputs of the same softmax, whose maps are opposite to each other whatever the images show"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """Maps of every classifier on the same images."""

    maps: list[np.ndarray]
    """Per column, [image, row, column of pixels]."""
    units: np.ndarray | None
    """[image] cluster; None where every image is one."""


def similar_maps(total: Total, evidence: AlignmentEvidence) -> list[Measurement]:
    """Three similarities of maps for every pair of a base and another classifier, by every method asked for.

    Raises:
        MethodError: a method is not valid for one of the classifiers.
    """
    return [
        found
        for name in evidence.options.maps
        for found in _by_method(total, evidence, completed(total.study, make_method(name)))
    ]


def check_methods(names: Sequence[str]) -> None:
    """Refuse methods that cannot be compared, before anything is computed.

    Raises:
        UsageError: there is no such method, it is named twice, or it explains the attribute and no output.
    """
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise UsageError("A method is named twice", where="--maps", found=", ".join(twice))
    for name in names:
        if isinstance(make_method(name), TakesLabels):
            raise UsageError(
                f"--maps {name} explains what the attribute does, not an output",
                wanted="a method that needs no labels",
            )


def _by_method(total: Total, evidence: AlignmentEvidence, method: Method) -> Iterator[Measurement]:
    compared, names = _compared(total, evidence, method), evidence.readers.heads.names
    config, seed = total.study.config.audit, total.study.options.seed
    for base in evidence.readers.bases:
        bound = evidence.readers.bound(base)
        for column, name in enumerate(names):
            if column == base:
                continue
            found = similarities(
                compared.maps[base],
                compared.maps[column],
                units=compared.units,
                level=config.level,
                replicates=min(config.replicates, 4000),
                generator=generator(seed, "similar maps", method.name, names[base], name),
            )
            reason = _BOUND if name in bound else None
            for metric in SIMILARITIES:
                subject = Subject(
                    audit="cf-align", metric=metric, attribute=name, class_=names[base], method=method.name
                )
                yield row(subject, _estimate(found[metric], reason, compared.units is not None), level=config.level)


def _estimate(found: Similarity, reason: str | None, clustered: bool) -> Estimate:
    return Estimate(
        value=found.value,
        low=found.low,
        high=found.high,
        interval="cluster-bootstrap" if clustered else "bootstrap",
        unit="cluster" if clustered else "image",
        n=found.n,
        chance=found.chance,
        missing="one of the two maps is constant in every image",
        unusable=reason,
    )


def _compared(total: Total, evidence: AlignmentEvidence, method: Method) -> _Compared:
    study = total.study
    draw = generator(study.options.seed, "similar maps", "images").permutation(len(total.rows))[:SAMPLE]
    rows = total.rows[np.sort(draw)]
    batch = study.material.loader.load(rows.tolist())
    images = readable(batch).to(study.candidate.device)
    clusters = study.clusters(batch.rows)
    maps = [_maps(evidence, method, column, images) for column in range(len(evidence.readers.heads.names))]
    return _Compared(maps=maps, units=clusters)


def _maps(evidence: AlignmentEvidence, method: Method, column: int, images: Tensor) -> np.ndarray:
    """Maps of one classifier, by its own model where it is one output of one, else of the score as a function."""
    source, heads = evidence.readers.sources[column], evidence.readers.heads
    try:
        if source is not None:
            classifier, output = source
            classes = torch.full((len(images),), output, device=images.device)
            found = method.attribute(ModelOutputs(whole=classifier), images, classes)
        else:
            scores = ScoreFunction(
                function=lambda x: heads.steering(heads.outputs(x)), width=len(heads.names), device=images.device
            )
            found = method.attribute(scores, images, torch.full((len(images),), column, device=images.device))
    except (LiftError, MethodError) as error:
        raise MethodError(
            f"--maps {method.name} is not valid for {heads.names[column]}",
            found=error.paragraph(),
            advice="Use gradient or integrated_gradients, which need no graph of the model.",
        ) from error
    return found.maps.detach().double().cpu().numpy()
