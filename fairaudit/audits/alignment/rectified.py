"""The audit of a rectified model: its alignment beside that of the model it came from, on images neither β has seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from fairaudit.audits.alignment.audit import CfAlignAudit
from fairaudit.audits.alignment.heads import Readers, classifier_heads, numbered
from fairaudit.audits.alignment.read import base_alignment
from fairaudit.audits.core.stream.audit import Context, Drawing, Findings, Total
from fairaudit.audits.core.stream.columns import below, column
from fairaudit.counterfactuals.composition import ComposedHeads
from fairaudit.counterfactuals.heads import JoinedHeads
from fairaudit.counterfactuals.rectify import Rectified
from fairaudit.engine.part import Part
from fairaudit.measures.alignment.alignment import Alignment
from fairaudit.models.classifier import Classifier
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.alignment import rectified_measurements

BEFORE, AFTER = "before", "after"
REACHED = "β of "
"""What the note begins with that says what was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """The search for β of one base classifier."""

    base: int
    """Column of the base classifier among the original model's readers."""
    other: int
    """Column of the classifier whose influence is taken out."""
    found: Rectified
    """β and the way there."""
    images: int
    """Images that it was found on."""


class RectifiedAudit:
    """Relative changes of the base classifier as it came, and of the rectified model, on the same images.

    Args:
        before: the audit of the original classifiers.
        after: the audit of the written model, with the same downstream classifiers.
        descent: how β was found.
    """

    name = "cf-rectify"

    def __init__(self, before: CfAlignAudit, after: CfAlignAudit, descent: Descent) -> None:
        self.before, self.after, self.descent = before, after, descent

    def settings(self) -> Mapping[str, Any]:
        """The settings of both audits."""
        return {BEFORE: self.before.settings(), AFTER: self.after.settings()}

    def map(self, context: Context) -> Part:
        """Both walks over the same images."""
        parts = {BEFORE: self.before.map(context), AFTER: self.after.map(context)}
        return Part(columns={column(when, n): v for when, part in parts.items() for n, v in part.columns.items()})

    def measure(self, total: Total) -> Findings:
        """The rectified model's alignment, the base's before, β, and the pictures of both."""
        totals = {when: _of(total, when) for when in (BEFORE, AFTER)}
        findings = self.after.measure(totals[AFTER])
        alignments = {
            BEFORE: base_alignment(totals[BEFORE], self.before.evidence, self.descent.base),
            AFTER: base_alignment(totals[AFTER], self.after.evidence, 0),
        }
        measurements = self._measurements(total, alignments[BEFORE])
        other = self.before.readers.heads.names[self.descent.other]
        sentence = self._sentence(next(m for m in measurements if m.attribute == other), findings)
        return replace(
            findings,
            measurements=[*measurements, *findings.measurements],
            notes=[sentence, *findings.notes],
            drawings=[*self._drawings(alignments), *findings.drawings],
        )

    def _measurements(self, total: Total, before: Alignment) -> list[Measurement]:
        names = self.before.readers.heads.names
        return rectified_measurements(
            base=names[self.descent.base],
            other=names[self.descent.other],
            names=names,
            before=before,
            beta=self.descent.found.beta,
            images=self.descent.images,
            steps=len(self.descent.found.history),
            method=self.after.options.method,
            level=total.study.config.audit.level,
            clustered=total.study.manifest.cluster is not None,
            lost=self.before.lost,
        )

    def _sentence(self, before: Measurement, findings: Findings) -> str:
        """What was reached, in one sentence."""
        names = self.before.readers.heads.names
        base, other = names[self.descent.base], names[self.descent.other]
        after = next(
            m for m in findings.measurements if (m.metric, m.class_, m.attribute) == ("relative_change", base, other)
        )
        return (
            f"{REACHED}{base}: {self.descent.found.beta:+.3f} times {other}, found on {self.descent.images} images in "
            f"{len(self.descent.found.history)} steps. Mean relative change of {other}, on images that β was not "
            f"found on: {_told(before)} before, {_told(after)} after."
        )

    def _drawings(self, alignments: Mapping[str, Alignment]) -> list[Drawing]:
        names, found = self.before.readers.heads.names, self.descent.found
        base, other = names[self.descent.base], names[self.descent.other]
        columns = [base, *(name for name in names if name != base)]
        panels = []
        for when, readers in ((BEFORE, self.before.readers), (AFTER, self.after.readers)):
            place = {name: index for index, name in enumerate(readers.heads.names)}
            panels.append((when, alignments[when].mean[[place[name] for name in columns]][None]))
        ends = (
            float(alignments[BEFORE].mean[self.descent.other]),
            float(alignments[AFTER].mean[self.after.readers.heads.names.index(other)]),
        )

        def curves() -> bytes:
            from fairaudit.report.figures.rectification import descent

            heading = f"Taking {other} out of {base}"
            return descent(found.history, kept=found.kept, held_out=ends, heading=heading)

        def matrix() -> bytes:
            from fairaudit.report.figures.counterfactuals import matrices

            return matrices(panels, [base], columns, heading=f"Alignment of {base} before and after")

        caption = f"Mean relative change of {other} while β was found, and on held-out images before and after."
        return [
            Drawing(name="rectification.png", caption=caption, draw=curves),
            Drawing(
                name="rectification-matrix.png",
                caption="Relative change of every classifier before and after, on images that β was not found on.",
                draw=matrix,
            ),
        ]


def rectified_readers(found: Readers, base: int, written: Classifier) -> Readers:
    """The written model in the place of the base classifier, which is first; all others as they were."""
    names = found.heads.names
    own = classifier_heads(written, ("rectified",))
    everything = JoinedHeads([numbered(own, 0), numbered(found.heads, 1)])
    others = [column for column in range(len(names)) if column != base]
    weights = torch.zeros(1 + len(others), len(everything.names))
    weights[0, 0] = 1.0
    for row, other in enumerate(others, start=1):
        weights[row, 1 + other] = 1.0
    digest = hashlib.sha256(f"{written.sha256}\n{found.digest}\n{base}".encode()).hexdigest()
    return Readers(
        heads=ComposedHeads(everything, weights, [names[base], *(names[other] for other in others)]),
        bases=(0,),
        thresholds=(written.head.threshold, *(found.thresholds[other] for other in others)),
        probes=found.probes,
        digest=digest,
        modules=(written.module, *found.modules),
    )


def _of(total: Total, when: str) -> Total:
    return replace(total, part=replace(total.part, columns=below(total.part.columns, when)))


def _told(measurement: Measurement) -> str:
    """Value, interval and images of one number.

    A number that must not be relied on says so.
    """
    if measurement.value is None:
        return f"undefined ({measurement.reason})"
    ends = "" if measurement.low is None else f" [{measurement.low:+.3f}, {measurement.high:+.3f}]"
    doubt = "" if measurement.status == "ok" else ", refused as evidence"
    return f"{measurement.value:+.3f}{ends} (n = {measurement.n}{doubt})"
