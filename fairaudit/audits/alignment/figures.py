"""The figures of a counterfactual audit: drawn from a few images that are searched again, and from the matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.alignment.evidence import AlignmentEvidence
from fairaudit.audits.alignment.labels import Floats, head_labels
from fairaudit.audits.core.stream.audit import Drawing, Total
from fairaudit.counterfactuals.latent_shift import latent_shift, sweep
from fairaudit.measures.alignment.matrix import cluster_order, correlations
from fairaudit.measures.alignment.relative_change import Defined, RelativeChange

FRAMES = 8
"""Images of a strip and of one way of an animation."""
Changes = Mapping[int, tuple[NDArray[np.int64], RelativeChange]]


def drawings(
    total: Total, evidence: AlignmentEvidence, changes: Changes, matrix: Floats, correlated: Floats
) -> list[Drawing]:
    """The matrix, and for every base (the first four) a strip, an animation and an alignment plot."""
    found = [_matrix(total, evidence, matrix, correlated)]
    if evidence.generator is None:
        return found
    for base in evidence.readers.bases[:4]:
        rows, change = changes[base]
        chosen = _chosen(rows, change, evidence.options.examples)
        if len(chosen):
            found += _BaseFigures(total=total, evidence=evidence, base=base, chosen=chosen).drawings()
    return found


def _chosen(rows: NDArray[np.int64], change: RelativeChange, most: int) -> NDArray[np.int64]:
    """Scored images with a relative change, evenly over the order of how far the others moved."""
    usable = np.flatnonzero(change.defined == Defined.YES)
    order = usable[np.argsort(np.abs(change.numerator[usable]).sum(axis=1), kind="stable")]
    picks = np.unique(np.linspace(0, len(order) - 1, most).astype(np.int64)) if len(order) else order
    return rows[order[picks]]


@dataclass(frozen=True, kw_only=True)
class _BaseFigures:
    """The figures of one base, which share the images that are searched again for the first that is drawn."""

    total: Total
    evidence: AlignmentEvidence
    base: int
    chosen: NDArray[np.int64]
    """Scored images that are shown."""

    @cached_property
    def swept(self) -> tuple[Floats, Floats, Floats]:
        return _swept(self.total, self.evidence, self.base, self.chosen)

    @property
    def names(self) -> Sequence[str]:
        return self.evidence.readers.heads.names

    def drawings(self) -> list[Drawing]:
        name, kind = self.names[self.base], self.evidence.options.animation
        stem = f"counterfactuals-{_file_name(name)}"
        return [
            Drawing(
                name=f"{stem}.png",
                caption=f"Images on the way to their counterfactual for {name}.",
                draw=self.strip,
                photographs=True,
            ),
            Drawing(
                name=f"{stem}.{kind}",
                caption=f"The same, moving: {name} there and back.",
                draw=self.moving,
                photographs=True,
            ),
            Drawing(
                name=f"alignment-{_file_name(name)}.png",
                caption=f"Scores of other classifiers along counterfactuals of {name}; flat is independent.",
                draw=self.plot,
            ),
        ]

    def strip(self) -> bytes:
        from fairaudit.report.figures.counterfactuals import strips

        frames, values, originals = self.swept
        ids = [self.total.study.manifest.ids[self.total.rows[row]] for row in self.chosen]
        shown = [self.base, *_movers(values, self.base)[:2]]
        texts = [
            ["\n".join(f"{values[row, k, c]:.2f}" for c in shown) for k in range(FRAMES)] for row in range(len(ids))
        ]
        steps = ["reconstruction", *[""] * (FRAMES - 2), "counterfactual"]
        listed = ", ".join(self.names[c] for c in shown)
        heading = f"Counterfactuals of {self.names[self.base]}; scores from the top: {listed}"
        return strips(frames, ids, texts, heading=heading, steps=steps, originals=originals)

    def moving(self) -> bytes:
        from fairaudit.report.figures.counterfactuals import animation

        return animation(self.swept[0], kind=self.evidence.options.animation)

    def plot(self) -> bytes:
        from fairaudit.report.figures.counterfactuals import alignment_plot

        values, names, name = self.swept[1], self.names, self.names[self.base]
        shown = _movers(values, self.base)[:8]
        most = f" (the {len(shown)} of {len(names) - 1} that move most)" if len(names) > 9 else ""
        heading = f"What moves along counterfactuals of {name}{most}"
        return alignment_plot(
            values[:, :, self.base], values[:, :, shown], [names[c] for c in shown], base_name=name, heading=heading
        )


def _movers(values: Floats, base: int) -> list[int]:
    """The other heads, those that move most along the frames first."""
    moved = np.abs(values[:, -1] - values[:, 0]).mean(axis=0)
    return [int(column) for column in np.argsort(-moved, kind="stable") if column != base]


def _swept(
    total: Total, evidence: AlignmentEvidence, base: int, chosen: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Frames [row, frame, height, width, channel], all scores [row, frame, head] and the images themselves."""
    rows = total.rows[chosen].tolist()
    images = total.study.material.loader.load(rows).images.to(total.study.candidate.device)
    heads, generator = evidence.readers.heads, evidence.generator
    if generator is None:
        raise ValueError("there are no rays to sweep without a generator")
    shift = latent_shift(generator, heads, images, [(row, base) for row in range(len(images))], evidence.options.search)
    found = [sweep(generator, heads, shift, row, frames=FRAMES) for row in range(len(images))]
    frames = torch.stack([part for part, _ in found]).permute(0, 1, 3, 4, 2)
    originals = images.permute(0, 2, 3, 1).double().cpu().numpy()
    return frames.double().cpu().numpy(), np.stack([values for _, values in found]), originals


def _matrix(total: Total, evidence: AlignmentEvidence, matrix: Floats, correlated: Floats) -> Drawing:
    names, bases = evidence.readers.heads.names, list(evidence.readers.bases)
    square = len(bases) == len(names)
    order = cluster_order(matrix[np.argsort(bases)] if square else matrix.T)
    rows = [int(column) for column in order if column in bases]
    labels = correlations(head_labels(total, names))
    lines = [bases.index(row) for row in rows]
    panels = [
        ("relative change", matrix[lines][:, order]),
        ("correlation of scores", correlated[rows][:, order]),
        ("correlation of labels", labels[rows][:, order]),
    ]
    usable = [panel for panel in panels if np.isfinite(panel[1]).any()]
    lost = [evidence.refusal is not None or names[column] in evidence.lost for column in order]
    refused = np.tile(lost, (len(rows), 1)) if usable and usable[0][0] == "relative change" else None

    def draw() -> bytes:
        from fairaudit.report.figures.counterfactuals import matrices

        heading = "Which classifiers move when a base classifier's evidence is removed"
        shown = [names[row] for row in rows], [names[column] for column in order]
        return matrices(usable, *shown, heading=heading, refused=refused)

    caption = "Mean relative change, base classifiers in rows and downstream ones in columns, beside the correlations."
    if any(lost):
        caption += " Crossed-out values are refused as evidence; the notes say why."
    return Drawing(name="alignment-matrix.png", caption=caption, draw=draw)


def _file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in text)[:60]
