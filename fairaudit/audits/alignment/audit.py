"""The counterfactual audit: take a base classifier's evidence away and see which other classifiers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.alignment.evidence import AlignmentEvidence
from fairaudit.audits.alignment.heads import Readers, readers
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.read import read_alignment
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.audits.alignment.similar_maps import check_methods
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.metrics import ALIGNMENT
from fairaudit.audits.core.stream.audit import Audit, Context, Findings, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.counterfactuals.ladder import Stop
from fairaudit.counterfactuals.latent_shift import latent_shift
from fairaudit.counterfactuals.wachter import wachter
from fairaudit.data.batch import readable
from fairaudit.engine.part import Columns, Part
from fairaudit.errors import UsageError, suggestion
from fairaudit.generators.checks import CHECKED, Facts, Tolerance, check_generator, refuse
from fairaudit.generators.generator import Generator
from fairaudit.generators.load import open_generator

if TYPE_CHECKING:
    from fairaudit.audits.core.stream.trial import Trials
    from fairaudit.audits.core.study.study import Study


IN_PIXELS = (
    "pixels were moved straight towards another score (Wachter), after which they do not look like an image: a "
    "classifier that does not follow may still use the same evidence, and one that follows may share a weakness to "
    "noise alone"
)
"""Why such counterfactuals are no evidence: section A.2 of the counterfactual alignment paper, whose planted bias they
do not show."""


class CfAlignAudit:
    """Columns per image and base classifier: all scores before and after, why the search ended, how long it took."""

    name = "cf-align"

    def __init__(self, study: Study, options: CfOptions, shared: SharedFindings, found: Readers | None = None) -> None:
        """Open everything that the options name; `found` are classifiers that were opened before."""
        self.study, self.options, self.shared = study, options, shared
        self.generator: Generator | None = _opened(study, options)
        self.readers: Readers = readers(study, options, shared) if found is None else found
        self._check_find()
        check_methods(options.maps)
        self.facts: Facts | None = None
        self.refusal: str | None = IN_PIXELS
        self.lost: dict[str, str] = {}
        if self.generator is not None and options.maker == "latent-shift":
            self.facts, drifts = self._checked(self.generator)
            self.refusal = refuse(self.facts, options.tolerance)
            self.lost = self._lost(drifts, options.tolerance)

    def _check_find(self) -> None:
        names = self.readers.heads.names
        bases = [names[base] for base in self.readers.bases]
        for base, downstream in self.options.find:
            for name, known, kind in ((base, bases, "base"), (downstream, names, "downstream")):
                if name not in known:
                    raise UsageError(
                        f'There is no {kind} classifier called "{name}"',
                        where="--find",
                        advice=suggestion(name, known),
                    )

    def settings(self) -> Mapping[str, Any]:
        """Generator, classifiers and search."""
        generator = None if self.generator is None else self.generator.sha256
        return {**self.options.key(), "generator": generator, "heads": self.readers.digest}

    def map(self, context: Context) -> Part:
        """Counterfactuals of every image that a base classifier calls positive (negative for `up`)."""
        heads = self.readers.heads
        with torch.no_grad():
            original = heads.values(heads.outputs(context.images)).double().cpu().numpy()
        columns: Columns = {"original": original}
        walked = [self._eligible(original, base) for base in self.readers.bases]
        if self.options.maker == "wachter" or self.generator is None:
            for base, rows in zip(self.readers.bases, walked, strict=True):
                columns |= self._wachter(context.images, base, rows)
            return Part(columns=columns)
        pairs = [(int(row), base) for base, rows in zip(self.readers.bases, walked, strict=True) for row in rows]
        shift = latent_shift(self.generator, heads, context.images, pairs, self.options.search)
        for base in self.readers.bases:
            mine = shift.base == base
            found = {"stop": shift.stop, "lam": shift.lam, "pixels": shift.pixels, "probes": shift.probes}
            columns |= _spread(
                heads.names[base],
                len(context.images),
                shift.image[mine],
                {"before": shift.before[mine], "after": shift.after[mine]}
                | {name: values[mine].astype(np.float64) for name, values in found.items()},
            )
        return Part(columns=columns)

    def measure(self, total: Total) -> Findings:
        """Relative changes with their uncertainty, the matrix, and pictures of the strongest cases."""
        return read_alignment(total, self.evidence)

    @property
    def evidence(self) -> AlignmentEvidence:
        """What the readings rest on."""
        return AlignmentEvidence(
            options=self.options,
            shared=self.shared,
            generator=self.generator,
            readers=self.readers,
            facts=self.facts,
            refusal=self.refusal,
            lost=self.lost,
        )

    def _eligible(self, original: NDArray[np.float64], base: int) -> NDArray[np.int64]:
        positive = original[:, base] >= self.readers.thresholds[base]
        return np.flatnonzero(positive if self.options.search.direction == "down" else ~positive)

    def _wachter(self, images: torch.Tensor, base: int, rows: NDArray[np.int64]) -> Columns:
        found = wachter(self.readers.heads, images[torch.from_numpy(rows)], base)
        near = np.where(found.reached, float(Stop.REACHED), float(Stop.LIMIT))
        return _spread(
            self.readers.heads.names[base],
            len(images),
            rows,
            {"before": found.before, "after": found.after, "stop": near, "lam": found.weight, "pixels": found.distance},
        )

    def _lost(self, moved: NDArray[np.float64], tolerance: Tolerance) -> dict[str, str]:
        """Downstream classifier → why its alignment is no evidence, for those that reconstruction alone moves."""
        drifts = zip(self.readers.heads.names, moved.tolist(), strict=True)
        return {
            name: f"reconstruction alone moves {name} by {drift:.2f} on average (tolerance {tolerance.drift:g})"
            for name, drift in drifts
            if drift > tolerance.drift
        }

    def _checked(self, generator: Generator) -> tuple[Facts, NDArray[np.float64]]:
        """What the generator does to the base classifiers, and how far reconstruction alone moves every classifier."""
        rows = np.unique(np.linspace(0, len(self.study.manifest.ids) - 1, CHECKED).astype(np.int64))
        images = readable(self.study.material.loader.load(rows.tolist())).to(self.study.candidate.device)
        heads, bases = self.readers.heads, list(self.readers.bases)
        facts = check_generator(generator, lambda x: heads.values(heads.outputs(x))[:, bases], images)
        with torch.no_grad():
            found = generator.decode(generator.encode(images))
            moved = heads.values(heads.outputs(images)) - heads.values(heads.outputs(found))
        return facts, moved.abs().double().mean(dim=0).cpu().numpy()


def _opened(study: Study, options: CfOptions) -> Generator | None:
    if options.generator is None or options.maker == "wachter":
        return None
    return open_generator(
        options.generator,
        arch=options.generator_arch,
        device=str(study.candidate.device),
        trust=study.options.trust_model,
    )


def _spread(base: str, images: int, rows: NDArray[np.int64], found: Mapping[str, NDArray[np.float64]]) -> Columns:
    """Columns over all images of a batch, NaN for those that were not walked."""
    columns: Columns = {}
    for name, values in found.items():
        whole = np.full((images, *values.shape[1:]), np.nan)
        whole[rows] = values
        columns[column(base, name)] = whole
    return columns


def plan(options: CfOptions, shared: SharedFindings) -> AuditPlan:
    """The plan of `fairaudit cf-align`."""

    def audits_for(study: Study, _trials: Trials) -> Sequence[Audit]:
        return [CfAlignAudit(study, options, shared)]

    return AuditPlan(audits_for=audits_for, metrics=ALIGNMENT, with_regions=False)
