"""The worst images: wrong decisions in the cell with the highest error rate, the most confident first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, Total, slug
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.fairness.inputs import DECISION, SCORES
from fairaudit.counted import counted
from fairaudit.data.categorical import Categorical

MOST = 12
"""Images of one figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCell:
    """The cell of an attribute with the largest share of wrong decisions."""

    group: int
    """Code of its group."""
    truth: int
    """Code of its target value."""
    images: int
    """Images in it."""
    wrong: NDArray[np.int64]
    """Places of its wrong decisions, the surest first."""


def worst_drawings(total: Total) -> Iterator[Drawing]:
    """A figure per audited attribute; none where no cell of enough images has a wrong decision."""
    study = total.study
    target = study.target.take(total.rows)
    for name in study.attributes:
        groups = study.manifest.attributes[name].take(total.rows)
        cell = worst_cell(
            groups,
            target,
            total.part.columns[column("candidate", DECISION)].astype(np.int64),
            _sureness(total),
            least=study.config.audit.min_cell,
        )
        if cell is None:
            continue
        about = f"{target.name}={target.values[cell.truth]} and {name}={groups.values[cell.group]}"
        shown = min(MOST, len(cell.wrong))
        which = "all of them" if shown == len(cell.wrong) else f"the {shown} that the model is surest of"
        yield Drawing(
            name=f"worst-{slug(name)}.png",
            caption=f"{len(cell.wrong):,} of {counted(cell.images, 'image')} with {about} "
            f"{'is' if len(cell.wrong) == 1 else 'are'} decided wrongly, a larger share than for any other {name} and "
            f"target value. Here {'it is' if len(cell.wrong) == 1 else f'are {which}'}, with id and decision.",
            draw=partial(_draw, total, cell, heading=f"Wrong decisions with {about}"),
            photographs=True,
            worst=True,
        )


def worst_cell(
    groups: Categorical,
    target: Categorical,
    decisions: NDArray[np.int64],
    sureness: NDArray[np.float64],
    *,
    least: int,
) -> WorstCell | None:
    """The group × target value with the largest share of wrong decisions; the first of equal ones.

    Args:
        groups: group of every image.
        target: true value of every image.
        decisions: [image] code of the decided value.
        sureness: [image] the larger, the surer was the model.
        least: images that a cell must have to be looked at; no cell of fewer is shown.

    Returns:
        None where no such cell has a wrong decision.
    """
    found: WorstCell | None = None
    for group in range(len(groups.values)):
        for truth in range(len(target.values)):
            own = (groups.codes == group) & (target.codes == truth)
            wrong = np.flatnonzero(own & (decisions != truth))
            images = int(own.sum())
            share = len(wrong) / images if images else 0.0
            if images < max(1, least) or not len(wrong):
                continue
            if found is None or share > len(found.wrong) / found.images:
                order = np.argsort(-sureness[wrong], kind="stable")
                found = WorstCell(group=group, truth=truth, images=images, wrong=wrong[order].astype(np.int64))
    return found


def _sureness(total: Total) -> NDArray[np.float64]:
    """[image] probability of the decided class; alike for all where a model gives decisions alone."""
    if column("candidate", SCORES) not in total.part.columns:
        return np.zeros(len(total.rows))
    scores = total.part.columns[column("candidate", SCORES)].astype(np.float64)
    decisions = total.part.columns[column("candidate", DECISION)].astype(np.int64)
    return np.asarray(scores[np.arange(len(scores)), decisions], np.float64)


def _draw(total: Total, cell: WorstCell, *, heading: str) -> bytes:
    from fairaudit.report.figures.examples import examples

    study, places = total.study, cell.wrong[:MOST]
    said = study.target.values
    decisions = total.part.columns[column("candidate", DECISION)].astype(np.int64)
    batch = study.material.loader.load(total.rows[places].tolist())
    decided = dict(zip(total.rows[places].tolist(), decisions[places].tolist(), strict=True))
    return examples(
        np.moveaxis(batch.images.double().numpy(), 1, -1),
        names=[f"{study.manifest.ids[row]}\nsays {said[decided[row]]}" for row in batch.rows.tolist()],
        heading=heading,
    )
