"""Which group goes with which target value in the training data: given by the configuration, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.groups import JOIN, intersection
from fairaudit.config.schema import Aligned
from fairaudit.data.categorical import Categorical
from fairaudit.data.training import Training
from fairaudit.errors import UsageError, suggestion
from fairaudit.measures.counts.association import contingency
from fairaudit.measures.counts.disparities import aligned_cells
from fairaudit.ratio import ratio

ASSOCIATED = 0.05
"""Largest p value of the χ² test at which a group is said to go with a target value in the training rows."""
UNTOLD = "which group goes with which target value in training is not known: set audit.aligned to a split or to pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTargets:
    """Which groups go with which target values, and the training rows' counts where they are known."""

    cells: NDArray[np.bool_] | None = None
    """[group, target]; None with a reason."""
    training: NDArray[np.float64] | None = None
    """[group, target] rows of the training split, or their shares by a given ρ; None where neither is there."""
    reason: str = UNTOLD
    """Why there are no cells."""


def alignment(
    grouping: Categorical, target: Categorical, *, aligned: Aligned | None, training: Training | None
) -> GroupTargets:
    """The alignment of an attribute, or of an intersection, with the target.

    From a split it is the group that is most over-represented in each target value (`aligned_cells`), if group and
    target are associated there at all (χ² test).

    Args:
        grouping: the attribute or intersection.
        target: the label that the model predicts.
        aligned: what the configuration says.
        training: the training rows, where it names a split.

    Raises:
        UsageError: pairs name a group or a target value that does not exist.
    """
    if aligned is None:
        return GroupTargets()
    if aligned.pairs is not None:
        return _paired(grouping, target, aligned.pairs, aligned.rho.get(grouping.name))
    if training is None:
        return GroupTargets(reason=f'there are no rows of split "{aligned.split}", which audit.aligned names')
    trained = _trained(grouping.name, training)
    if trained is None:
        return GroupTargets(reason=f'the rows of split "{aligned.split}" have no column {grouping.name}')
    from scipy.stats import chi2_contingency  # slow to import, and only a training split needs it

    sizes = {"rows": len(grouping.values), "columns": len(target.values)}
    relation = contingency(trained.codes, training.target.codes, **sizes).astype(np.float64)
    present = relation[relation.sum(axis=1) > 0][:, relation.sum(axis=0) > 0]
    if min(present.shape, default=0) < 2 or chi2_contingency(present).pvalue > ASSOCIATED:
        reason = f'no group goes with a target value in the rows of split "{training.split}" (χ² test)'
        return GroupTargets(training=relation, reason=reason)
    return GroupTargets(cells=aligned_cells(relation), training=relation, reason="")


def check_pairs(aligned: Aligned | None, groupings: Sequence[Categorical], target: Categorical | None) -> None:
    """Refuse pairs that name what the data does not have, before a model is opened.

    Args:
        aligned: what the configuration says.
        groupings: attributes, and intersections of several, that pairs may be about.
        target: the label that the model predicts.

    Raises:
        UsageError: an attribute, a group or a target value that does not exist.
    """
    if aligned is None or aligned.pairs is None or target is None:
        return
    known = {grouping.name: grouping for grouping in groupings}
    for name in aligned.pairs:
        if name not in known:
            raise UsageError(
                f'audit.aligned.pairs names the attribute "{name}", which the data does not have',
                where="audit.aligned.pairs",
                advice=suggestion(name, known),
            )
        _paired(known[name], target, aligned.pairs, None)


def _trained(name: str, training: Training) -> Categorical | None:
    parts = [training.attributes.get(part) for part in name.split(JOIN)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return training.attributes.get(name)
    return known[0] if len(known) == 1 else intersection(known)


def _paired(
    grouping: Categorical, target: Categorical, pairs: Mapping[str, Mapping[str, str]], rho: float | None
) -> GroupTargets:
    given = pairs.get(grouping.name)
    if given is None:
        return GroupTargets(reason=f"audit.aligned.pairs says nothing about {grouping.name}")
    cells = np.zeros((len(grouping.values), len(target.values)), np.bool_)
    for group, value in given.items():
        for kind, name, known in (("group", group, grouping.values), ("target value", value, target.values)):
            if name not in known:
                raise UsageError(
                    f'audit.aligned.pairs names the {kind} "{name}", which the data does not have',
                    where=f"audit.aligned.pairs.{grouping.name}",
                    advice=suggestion(name, known),
                )
        cells[grouping.values.index(group), target.values.index(value)] = True
    return GroupTargets(cells=cells, training=None if rho is None else _shares(cells, rho), reason="")


def _shares(cells: NDArray[np.bool_], rho: float) -> NDArray[np.float64]:
    """[group, target] shares at this ρ: target values equally frequent, conflicting groups too; NaN where none can be.

    >>> _shares(np.eye(2, dtype=bool), 0.9).round(3).tolist()
    [[0.45, 0.05], [0.05, 0.45]]
    """
    own = cells.sum(0)
    goes, others = ratio(rho, own), ratio(1 - rho, len(cells) - own)
    return np.asarray(np.where(cells, goes, others) / cells.shape[1], np.float64)
