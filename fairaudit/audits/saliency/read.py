"""Reads the saliency audit's sums and columns into measurements and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, Findings, Total, slug
from fairaudit.audits.core.stream.columns import column, under
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.methods import channels_note
from fairaudit.data.categorical import Categorical
from fairaudit.engine.part import Array, Name
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, Subject, row

Floats = NDArray[np.float64]
SUMMED = ("completeness_gap", "conservation_ratio")


def read_saliency(total: Total, methods: Sequence[str], groupings: Sequence[Categorical], trials: Trials) -> Findings:
    """What the trials found, how far all maps add up, and the mean maps per cell as figures."""
    return Findings(
        measurements=[*trials.measurements, *_over_all(total, methods)],
        notes=[channels_note(total.study), *trials.notes()],
        drawings=[*_mean_maps(total, methods, groupings), *_saturation(trials), *_randomisation(trials)],
    )


def _over_all(total: Total, methods: Sequence[str]) -> Iterator[Measurement]:
    for metric in SUMMED:
        for method, values in under(total.part.columns, metric).items():
            known = np.asarray(values, np.float64)
            known = known[~np.isnan(known)]
            if method not in methods:
                continue
            estimate = Estimate(
                value=float(np.median(known)) if known.size else None,
                n=known.size,
                missing="no image has such a value",
                extra={
                    "statistic": "median over all images",
                    "p95": finite(float(np.quantile(known, 0.95))) if known.size else None,
                    "largest": finite(float(known.max())) if known.size else None,
                },
            )
            yield row(Subject(audit="saliency", metric=f"{metric}_all", method=method), estimate)


def _mean_maps(total: Total, methods: Sequence[str], groupings: Sequence[Categorical]) -> Iterator[Drawing]:
    for grouping in groupings:
        for method in methods:
            yield Drawing(
                name=f"maps-{slug(grouping.name)}-{slug(method)}.png",
                caption=(
                    f"Mean {method} relevance per {grouping.name} and {total.study.target.name} "
                    "(red: evidence for the explained class, blue: against it), "
                    "with the regions drawn."
                ),
                draw=lambda grouping=grouping, method=method: draw_mean_maps(total, grouping, method),  # type: ignore[misc]
                photographs=True,  # the mean of a small cell is a photograph
            )


def _saturation(trials: Trials) -> Iterator[Drawing]:
    def draw() -> bytes:
        from fairaudit.report.figures.saturation import PathCurve, saturation_curves

        curves = [
            PathCurve(name=name, t=curve.t, progress=curve.progress, gathered=curve.gathered)
            for name, curve in trials.curves.items()
        ]
        return saturation_curves(curves, heading="Where on the path the relevance comes from")

    if trials.curves:
        yield Drawing(
            name="saturation.png",
            caption=(
                "Along the path from the reference to the image: the share of the score's change that has happened "
                "(solid) and of the relevance gathered (dashed), medians over the tried images. Relevance gathered "
                "after the score has settled explains nothing about it."
            ),
            draw=draw,
        )


def _randomisation(trials: Trials) -> Iterator[Drawing]:
    def draw() -> bytes:
        from fairaudit.report.figures.randomisation import randomisation_curves

        return randomisation_curves(trials.cascades, heading="What is left of the maps when the model is forgotten")

    if trials.cascades:
        yield Drawing(
            name="randomisation.png",
            caption=(
                "Layers are drawn anew from the output down, and the maps compared with those of the model (mean rank "
                "correlation over the tried images). What stays high to the end is not about what the model has learnt."
            ),
            draw=draw,
        )


def draw_mean_maps(total: Total, grouping: Categorical, method: str) -> bytes:
    """The PNG of mean maps: a row per cell, a column per model."""
    from fairaudit.report.figures.regions import mean_maps

    study, sums = total.study, total.part.sums
    roles = ["candidate"] + (["baseline"] if study.baseline else [])
    maps = np.stack([_mean(sums, grouping.name, role, method) for role in roles], axis=1)
    names = [study.candidate.name] + ([study.baseline.name] if study.baseline else [])
    return mean_maps(
        maps,
        rows=[
            f"{grouping.name}={group}, {study.target.name}={value}"
            for group in grouping.values
            for value in study.target.values
        ],
        columns=names,
        heading=f"Mean relevance by {method}",
        region=_regions(total),
        images=np.stack(
            [_mean(sums, grouping.name, "image", str(c)) for c in range(study.candidate.channels)], axis=-1
        ),
    )


def _mean(sums: Mapping[Name, Array], grouping: str, role: str, method: str) -> Floats:
    total = np.asarray(sums[column("map", grouping, role, method)], np.float64)
    images = np.asarray(sums[column("images", grouping, role, method)], np.float64)
    return ratio(total, images[:, None, None])


def _regions(total: Total) -> Floats | None:
    """Share of images in which a pixel is in any audited region, [row, column]."""
    found = under(total.part.sums, "region")
    shares = [np.asarray(found[name], np.float64) / len(total.rows) for name in total.study.regions if name in found]
    return np.max(shares, axis=0) if shares else None
