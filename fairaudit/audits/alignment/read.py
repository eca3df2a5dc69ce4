"""From per-image scores before and after to relative changes, notes and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.alignment.compare import Single
from fairaudit.audits.alignment.evidence import AlignmentEvidence
from fairaudit.audits.alignment.figures import drawings
from fairaudit.audits.alignment.labels import head_labels
from fairaudit.audits.alignment.similar_maps import NOTE, similar_maps
from fairaudit.audits.core.stream.audit import Findings, Total
from fairaudit.audits.core.stream.columns import under
from fairaudit.audits.core.study.alignment import alignment as alignment_of
from fairaudit.audits.core.study.rows import aligned_rows
from fairaudit.counterfactuals.ladder import STOP_TEXTS, Stop
from fairaudit.measures.alignment.alignment import Alignment, alignment
from fairaudit.measures.alignment.matrix import correlations, disagreements, strongest
from fairaudit.measures.alignment.relative_change import DEFINED_TEXTS, Defined, RelativeChange, relative_change
from fairaudit.measures.scores.ranking import auc, balanced_auc
from fairaudit.seeds import generator
from fairaudit.tables.reasons.alignment import BaseRow, alignment_measurements

MOST_FOUND = 8
"""Images that --find lists."""


def read_alignment(total: Total, evidence: AlignmentEvidence) -> Findings:
    """Measurements of all pairs, what was left out, and figures."""
    heads, config = evidence.readers.heads, total.study.config.audit
    original = np.asarray(total.part.columns["original"], np.float64)
    labels = head_labels(total, heads.names)
    clusters = total.study.clusters(total.rows)
    changes = {base: _change(total, evidence, base) for base in evidence.readers.bases}
    rows = []
    for base, (rows_of_base, change, stops) in changes.items():
        summary = _summary(total, heads.names[base], rows_of_base, change)
        ended = _ends(total, evidence, base, stops)
        row = _base_row(heads.names[base], heads.names, summary, change, ended)
        balanced = _balanced(total, heads.names, labels[:, base], original[:, base])
        conflicting = _conflicting(total, heads.names, labels[:, base], original[:, base])
        own, bound = _auc(labels[:, base], original[:, base]), evidence.readers.bound(base)
        rows.append(replace(row, auc=own, balanced_auc=balanced, conflicting_auc=conflicting, bound=bound))
        _keep_singles(evidence, total, heads.names[base], rows_of_base, change, clusters)
    measurements = alignment_measurements(
        rows,
        method=evidence.options.method,
        level=config.level,
        clustered=clusters is not None,
        correction=evidence.options.correction,
        unusable=evidence.refusal,
        lost=evidence.lost,
    )
    matrix = np.stack([row.alignment.mean for row in rows])
    correlated = correlations(original)
    notes = [*_maker_notes(evidence), *(probe.note() for probe in evidence.readers.probes)]
    notes += _disagreement_notes(matrix, correlated, evidence)
    notes += [note for pair in evidence.options.find for note in _found_notes(pair, changes, total, evidence)]
    maps = similar_maps(total, evidence)
    return Findings(
        measurements=[*measurements, *maps],
        notes=[*notes, *([NOTE] if maps else [])],
        drawings=drawings(
            total, evidence, {base: (rows, c) for base, (rows, c, _) in changes.items()}, matrix, correlated
        ),
    )


def base_alignment(total: Total, evidence: AlignmentEvidence, base: int) -> Alignment:
    """One base classifier's row of the matrix, with its intervals over images or clusters."""
    rows, change, _ = _change(total, evidence, base)
    return _summary(total, evidence.readers.heads.names[base], rows, change)


def _summary(total: Total, base: str, rows: NDArray[np.int64], change: RelativeChange) -> Alignment:
    clusters, config = total.study.clusters(total.rows), total.study.config.audit
    return alignment(
        change,
        cluster=None if clusters is None else clusters[rows],
        level=config.level,
        replicates=min(config.replicates, 4000),
        generator=generator(total.study.options.seed, "cf-align", base),
    )


def _change(
    total: Total, evidence: AlignmentEvidence, base: int
) -> tuple[NDArray[np.int64], RelativeChange, NDArray[np.int64]]:
    """Rows that were walked (into the scored images), their relative changes, and why the searches ended."""
    found = under(total.part.columns, evidence.readers.heads.names[base])
    stop = np.asarray(found["stop"], np.float64)
    rows = np.flatnonzero(np.isfinite(stop))
    before, after = (np.asarray(found[name], np.float64)[rows] for name in ("before", "after"))
    sign = evidence.options.search.sign if evidence.generator is not None else -1.0
    change = relative_change(
        before,
        after,
        before[:, base],
        after[:, base],
        min_base_change=evidence.options.min_base_change,
        direction=sign,
    )
    return rows, change, stop[rows].astype(np.int64)


def _ends(total: Total, evidence: AlignmentEvidence, base: int, stops: NDArray[np.int64]) -> dict[str, int]:
    """Why the searches ended → images; for pixels, at which λ of the schedule the score came near enough."""
    if evidence.generator is not None:
        return {STOP_TEXTS[code]: int((stops == code).sum()) for code in Stop}
    weights = np.asarray(under(total.part.columns, evidence.readers.heads.names[base])["lam"], np.float64)
    weights = weights[np.isfinite(weights)]
    near = {
        f"base score near 0 at λ = {weight:g}": int(((weights == weight) & (stops == Stop.REACHED)).sum())
        for weight in sorted(set(weights.tolist()), reverse=True)
    }
    return {**near, "base score not near 0 at the smallest λ": int((stops != Stop.REACHED).sum())}


def _base_row(
    base: str, names: tuple[str, ...], summary: Alignment, change: RelativeChange, ended: Mapping[str, int]
) -> BaseRow:
    usable = change.defined == Defined.YES
    dropped = {DEFINED_TEXTS[code]: int((change.defined == code).sum()) for code in Defined if code != Defined.YES}
    return BaseRow(
        base=base,
        downstream=names,
        alignment=summary,
        base_change=change.base_change[usable],
        eligible=len(change.defined),
        dropped={name: count for name, count in dropped.items() if count},
        stops={name: count for name, count in ended.items() if count},
    )


def _auc(labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float | None:
    """AUC of a score for its label, None where none is known."""
    found = auc(scores[labels == 1], scores[labels == 0])
    return found if np.isfinite(found) else None


def _balanced(
    total: Total, names: tuple[str, ...], labels: NDArray[np.float64], scores: NDArray[np.float64]
) -> dict[str, float]:
    """Downstream classifier → AUC with its attribute's groups balanced, where it is called as an attribute."""
    found = {}
    for name in names:
        attribute = total.study.manifest.attributes.get(name.partition("=")[0])
        if attribute is not None:
            value = balanced_auc(scores, labels, attribute.codes[total.rows])
            if np.isfinite(value):
                found[name] = value
    return found


def _conflicting(
    total: Total, names: tuple[str, ...], labels: NDArray[np.float64], scores: NDArray[np.float64]
) -> dict[str, float]:
    """Downstream classifier → AUC over images whose group goes with another target value: Tables 1 and 2 of the paper.

    "Samples evaluated are selected to be inversely correlated with the sensitive attribute": blond men, and women who
    are not blond. A base score that follows the attribute has an AUC below a half there.
    """
    found = {}
    study = total.study
    target = study.target.take(total.rows)
    for name in names:
        attribute = study.manifest.attributes.get(name.partition("=")[0])
        if attribute is None or study.config.audit.aligned is None:
            continue
        own = attribute.take(total.rows)
        told = alignment_of(own, target, aligned=study.config.audit.aligned, training=study.manifest.training)
        sides = aligned_rows(target, own, told)
        value = None if sides is None else _auc(np.where(sides.codes == 0, labels, np.nan), scores)
        if value is not None:
            found[name] = value
    return found


def _keep_singles(
    evidence: AlignmentEvidence,
    total: Total,
    base: str,
    rows: NDArray[np.int64],
    change: RelativeChange,
    clusters: NDArray[np.int64] | None,
) -> None:
    """Keep what a comparison of models needs of this one."""
    usable = change.defined == Defined.YES
    singles = {
        (base, name): Single(
            rows=total.rows[rows[usable]],
            values=change.values[usable, column],
            clusters=None if clusters is None else clusters[rows[usable]],
        )
        for column, name in enumerate(evidence.readers.heads.names)
    }
    evidence.shared.keep(total.study.candidate.name, singles)


def _maker_notes(evidence: AlignmentEvidence) -> list[str]:
    """What made the counterfactuals, and what they cannot show."""
    facts, generator = evidence.facts, evidence.generator
    if facts is None or generator is None:
        return [f"These counterfactuals are a baseline, not evidence: {evidence.refusal}."]
    head = evidence.readers.heads.names[evidence.readers.bases[facts.drift_head]]
    notes = [
        f"Generator {generator.name} ({generator.kind}) on {facts.images} images: reconstruction error "
        f"{facts.reconstruction_error:.3f} of the pixel range, {head} moves by {facts.prediction_drift:.3f} on average "
        f"by reconstruction alone, {facts.decisions_kept:.0%} of decisions kept."
    ]
    notes += [f"Alignment with {name} is refused as evidence: {reason}." for name, reason in evidence.lost.items()]
    if evidence.refusal is not None:
        notes.append(f"The generator is refused as evidence: {evidence.refusal}.")
    return notes


def _disagreement_notes(
    matrix: NDArray[np.float64], correlated: NDArray[np.float64], evidence: AlignmentEvidence
) -> list[str]:
    if evidence.refusal is not None:  # what is no evidence is not told as a finding either
        return []
    names = evidence.readers.heads.names
    bases = list(evidence.readers.bases)
    found = disagreements(matrix, correlated[bases], [names[base] for base in bases], names, most=3)
    return [
        f"{pair.base} and {pair.downstream}: scores correlate at {pair.correlation:+.2f}, "
        f"counterfactuals align at {pair.alignment:+.2f}."
        for pair in found
        if abs(pair.gap) > 0.3 and not {pair.base, pair.downstream} & set(evidence.lost)
    ]


def _found_notes(
    pair: tuple[str, str],
    changes: Mapping[int, tuple[NDArray[np.int64], RelativeChange, NDArray[np.int64]]],
    total: Total,
    evidence: AlignmentEvidence,
) -> list[str]:
    """The single images that move the pair most, against the pair's median."""
    names = list(evidence.readers.heads.names)
    rows, change, _ = changes[names.index(pair[0])]
    values = change.values[:, names.index(pair[1])]
    expected = float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0
    ids = total.study.manifest.ids
    listed = [
        f"{ids[total.rows[rows[row]]]} ({values[row]:+.2f})" for row in strongest(values, expected, most=MOST_FOUND)
    ]
    return [f"Strongest single images, {pair[0]} → {pair[1]} (median {expected:+.2f}): {', '.join(listed) or 'none'}."]
