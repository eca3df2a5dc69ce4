"""Attribution methods on trial: on a sample of images, may a method's maps of this model be relied on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.audits.core.stream.audit import bound
from fairaudit.audits.core.stream.columns import column, under
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.stream import predict
from fairaudit.audits.core.study.study import Study
from fairaudit.data.batch import Batch
from fairaudit.engine.local import run_chunks
from fairaudit.engine.memory import as_many_as_fit
from fairaudit.engine.part import Columns, Part
from fairaudit.engine.plan import Chunk, Plan
from fairaudit.engine.store import RunStore
from fairaudit.measures.intervals.proportion import percentile
from fairaudit.results.measurement import Measurement, finite
from fairaudit.saliency.gradients.counterfactual_gradients import CounterfactualGradients
from fairaudit.saliency.gradients.saturation import OnPath, saturation
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.method import Method
from fairaudit.saliency.trust.usability import Usability, chance_areas, judge_method
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate, Subject, row

SAMPLE = 48
"""Most images that a method is tried on, drawn with the seed."""
LEAST = 24
"""Fewest images of the sample, where the data has as many."""
PER_IMAGE = 10
"""A method is tried on every tenth image, between these two: where images are few, its trial would take longer than the
audit."""
FEWER = 16
"""Images of the sample that randomisation and stability are looked at on."""

REPORTED: dict[str, str | None] = {
    "completeness_gap": None,
    "conservation_ratio": None,
    "conservation_ratio_bias_free": None,
    "conservation_ratio_accounted": None,
    "insertion_auc": "insertion_auc_random",
    "deletion_auc": "deletion_auc_random",
    "randomisation_similarity": None,
    "stability": None,
    "saturation_onset": None,
    "saturated_share": None,
    "unsaturated_share": None,
}
"""Fact of a trial → the fact that holds its chance level."""


POINTS = 17
"""Places on the path at which its saturation is looked at."""
FACT, CURVE, CASCADE = "fact", "curve", "cascade"
"""First parts of the names of what a trial keeps; the second says which number, curve or side of the cascade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaturationCurve:
    """Medians over the sample along a path, [point]; NaN where no image has such a curve."""

    t: NDArray[np.float64]
    """Places on the path, 0 … 1."""
    progress: NDArray[np.float64]
    """Share of the score's change that has happened."""
    gathered: NDArray[np.float64]
    """Share of the relevance, in size, that has been gathered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What the trials found."""

    measurements: Sequence[Measurement]
    unusable: Mapping[str, str]
    """Method → why its numbers must not be relied on."""
    curves: Mapping[str, SaturationCurve] = field(default_factory=dict)
    """Path method → how the score and the relevance gather along its path."""
    cascades: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Method → last layer drawn anew, from the output down → rank correlation of maps; of more than one stage only."""
    conventions: tuple[str, ...] = ()
    """What methods hold constant in this model."""

    def notes(self) -> list[str]:
        """What methods hold constant in this model, and a line per method that no gate may use."""
        unusable = [
            f"{name} is unusable here, so no rule passes on it: {reason}." for name, reason in self.unusable.items()
        ]
        return [*self.conventions, *unusable]


def run_trials(
    study: Study, methods: Sequence[Method], store: RunStore, progress: Progress, *, stages: int = 1
) -> Trials:
    """Try every method on the candidate; a trial that the store already holds is not repeated.

    Args:
        study: what is audited.
        methods: the methods.
        store: holds finished trials.
        progress: shows each.
        stages: depths to which the model is forgotten; each costs maps of the sample.

    Raises:
        MethodError: a method is not valid for the model.
    """
    rows = sample_rows(study)
    shared: dict[int, Mapping[str, NDArray[np.float64]]] = {}
    plan = Plan(rows=len(methods), chunk_rows=1)

    def load(_chunk: Chunk) -> Batch:
        return study.material.loader.load(rows)

    def compute(chunk: Chunk, batch: Batch) -> Mapping[str, Part]:
        method = methods[chunk.index]
        return {method.name: one_trial(study, method, batch, stages, shared)}

    with progress.task("Testing attribution methods", total=len(methods)) as advance:
        outcome = run_chunks(plan, load, compute, store, progress=advance)
    parts = outcome.parts
    return Trials(
        measurements=[
            *(m for method in methods for m in _measurements(study, method, parts[method.name])),
            *_against_cgi(study, methods, parts),
        ],
        unusable={
            method.name: "; ".join(str(reason) for reason in parts[method.name].columns["reason"])
            for method in methods
            if parts[method.name].columns["reason"].size
        },
        curves={
            method.name: _curve(parts[method.name])
            for method in methods
            if column(CURVE, "t") in parts[method.name].columns
        },
        conventions=tuple(
            dict.fromkeys(str(note) for part in parts.values() for note in part.columns.get("convention", ()))
        ),
        cascades={
            method.name: _cascade(parts[method.name]) for method in methods if len(_cascade(parts[method.name])) > 1
        },
    )


def trial_settings(study: Study, methods: Sequence[Method], *, stages: int = 1) -> dict[str, str]:
    """What the trials depend on, beside the model and the data."""
    return {
        "methods": ", ".join(repr(method) for method in methods),
        "rows": str(sample_rows(study)),
        "saturation": f"{POINTS} points, flat places anywhere",
        "stages": str(stages),
        "fewer": str(FEWER),
    }


def sample_rows(study: Study) -> list[int]:
    """The rows that methods are tried on, in the order drawn, so that the first of them are a sample too."""
    total = len(study.manifest)
    count = min(total, SAMPLE, max(LEAST, total // PER_IMAGE))
    return [int(row) for row in generator(study.options.seed, "trial").permutation(total)[:count]]


def one_trial(
    study: Study, method: Method, batch: Batch, stages: int, shared: dict[int, Mapping[str, NDArray[np.float64]]]
) -> Part:
    """One method's trial; `shared` keeps what all methods have to beat, by the number of images."""
    if not len(batch.rows):
        return Part(columns={"reason": np.array(["no image of the sample can be read"], dtype=np.str_)})

    def judged(count: int) -> tuple[Usability, Columns]:
        images = batch.images[:count].to(study.candidate.device)
        # The model's own decisions: the score of a class that it does not see cannot fall.
        decisions = torch.from_numpy(predict(study.candidate, images).decisions.astype(np.int64)).to(images.device)
        tried = bound(method, batch, count)
        seed = study.options.seed

        def chance() -> Mapping[str, NDArray[np.float64]]:
            if count not in shared:
                shared[count] = chance_areas(study.candidate, images, decisions, seed=seed)
            return shared[count]

        found = judge_method(
            tried, study.candidate, images, decisions, seed=seed, stages=stages, fewer=FEWER, chance=chance
        )
        return found, _saturated(study, tried, images, decisions)

    found, saturated = as_many_as_fit(judged, len(batch.rows))
    columns: Columns = {"reason": np.array(found.reasons, dtype=np.str_)}
    columns |= {column(FACT, name): values for name, values in found.facts.items()}
    if isinstance(method, Lrp):
        columns["convention"] = np.array(method.conventions(study.candidate, batch.images[:1]), dtype=np.str_)
    columns |= {
        column(CASCADE, "layer"): np.array(list(found.cascade), dtype=np.str_),
        column(CASCADE, "rank"): np.array(list(found.cascade.values()), dtype=np.float64),
    }
    return Part(columns=columns | saturated)


def _saturated(study: Study, method: Method, images: Tensor, classes: Tensor) -> Columns:
    """Onset and saturated share per image, and the mean curves, of a method with a path; nothing for others."""
    if not isinstance(method, OnPath):
        return {}
    rows = torch.arange(len(images))
    if isinstance(method, CounterfactualGradients):
        rows = method.known().cpu()
        method = method.of(rows)
    if not len(rows):
        return {}
    some = images[rows.to(images.device)]
    path = method.path(study.candidate, some)
    found = saturation(study.candidate, some, classes[rows.to(classes.device)], path, points=POINTS)
    facts = {
        "saturation_onset": found.onset,
        "saturated_share": found.saturated,
        "unsaturated_share": found.unsaturated,
    }
    return {
        **{column(FACT, name): _placed(values, rows.numpy(), len(images)) for name, values in facts.items()},
        column(CURVE, "t"): found.t,
        column(CURVE, "progress"): _middle(found.progress),
        column(CURVE, "gathered"): _middle(found.gathered),
    }


def _placed(values: NDArray[np.float64], rows: NDArray[np.int64], images: int) -> NDArray[np.float64]:
    """Values of some images among all of the sample, NaN for the others."""
    whole = np.full(images, np.nan)
    whole[rows] = values
    return whole


def _middle(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median over the images with a curve, [point]: shares of a small difference of scores have heavy tails."""
    known = curves[~np.isnan(curves).any(axis=1)]
    return np.median(known, axis=0) if len(known) else np.full(curves.shape[1], np.nan)


def _curve(part: Part) -> SaturationCurve:
    names = ("t", "progress", "gathered")
    t, progress, gathered = (np.asarray(part.columns[column(CURVE, name)], np.float64) for name in names)
    return SaturationCurve(t=t, progress=progress, gathered=gathered)


def _cascade(part: Part) -> dict[str, float]:
    found = under(part.columns, CASCADE)
    if not found:
        return {}
    ranks = np.asarray(found["rank"], np.float64).tolist()
    return dict(zip((str(name) for name in found["layer"]), ranks, strict=True))


def _measurements(study: Study, method: Method, part: Part) -> list[Measurement]:
    facts = {name: np.asarray(values, np.float64) for name, values in under(part.columns, FACT).items()}
    cascade = _cascade(part)
    return [
        _measurement(study, method, name, facts[name], facts.get(chance or ""), cascade)
        for name, chance in REPORTED.items()
        if name in facts
    ]


def _against_cgi(study: Study, methods: Sequence[Method], parts: Mapping[str, Part]) -> list[Measurement]:
    """How much more of cgi's path the score moves in than of every other method's, image by image."""
    name = column(FACT, "unsaturated_share")
    shares = {
        method.name: np.asarray(parts[method.name].columns[name], np.float64)
        for method in methods
        if name in parts[method.name].columns
    }
    own = shares.pop("cgi", None)
    if own is None:
        return []
    return [
        _gain(study, f"cgi against {other}", own - values)
        for other, values in shares.items()
        if len(values) == len(own)
    ]


def _gain(study: Study, method: str, values: NDArray[np.float64]) -> Measurement:
    """The mean over the sample, with its interval."""
    metric = "unsaturated_share_gain"
    estimate = replace(_mean(study, method, metric, values), missing="no image of the sample has such a value for both")
    return row(Subject(audit="saliency", metric=metric, method=method), estimate, level=study.config.audit.level)


def _measurement(
    study: Study,
    method: Method,
    name: str,
    values: NDArray[np.float64],
    chance: NDArray[np.float64] | None,
    cascade: Mapping[str, float],
) -> Measurement:
    known = values[~np.isnan(values)]
    extra: dict[str, float | int | str | bool | None] = {"largest": finite(float(known.max())) if known.size else None}
    if name == "randomisation_similarity" and len(cascade) > 1:
        extra |= {f"down to {layer}": finite(rank) for layer, rank in cascade.items()}
    average = None if chance is None else float(np.nanmean(chance))
    estimate = replace(_mean(study, method.name, name, values), chance=average, extra=extra)
    return row(Subject(audit="saliency", metric=name, method=method.name), estimate, level=study.config.audit.level)


def _mean(study: Study, method: str, name: str, values: NDArray[np.float64]) -> Estimate:
    """The mean of what is known, with a bootstrap interval over images; none of fewer than two."""
    known = values[~np.isnan(values)]
    low = high = None
    if known.size > 1:
        draw = generator(study.options.seed, "trial", method, name)
        picks = draw.integers(0, known.size, (min(2000, study.config.audit.replicates), known.size))
        ends = percentile(known[picks].mean(axis=1), level=study.config.audit.level)
        low, high = finite(float(ends.low)), finite(float(ends.high))
    return Estimate(
        value=float(known.mean()) if known.size else None,
        low=low,
        high=high,
        interval="bootstrap",
        unit="image",
        n=known.size,
        missing="no image of the sample has such a value",
    )
