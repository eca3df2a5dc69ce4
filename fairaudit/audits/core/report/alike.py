"""Which images of a run were all decided alike: all of them, or all of a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.categorical import Categorical
from fairaudit.gate.alike import Alike


def alike(decisions: NDArray[np.integer], target: Categorical, groupings: Sequence[Categorical]) -> list[Alike]:
    """A fact for all images and for every group whose images were all decided alike.

    A single image says nothing about variation, so a group of one is no fact.

    Args:
        decisions: decided class of every scored row, [image].
        target: true class, at the same rows.
        groupings: attributes and intersections, at the same rows.

    >>> sex = Categorical(name="sex", values=("f", "m"), codes=np.array([0, 0, 1, 1], np.int32))
    >>> smile = Categorical(name="smile", values=("no", "yes"), codes=np.array([0, 1, 0, 1], np.int32))
    >>> [(fact.group, fact.decision, fact.n) for fact in alike(np.array([1, 1, 0, 1]), smile, [sex])]
    [('f', 'yes', 2)]
    """
    return list(_facts(np.asarray(decisions), target, groupings))


def _facts(decisions: NDArray[np.integer], target: Categorical, groupings: Sequence[Categorical]) -> Iterator[Alike]:
    if decisions.size and (decisions == decisions[0]).all():
        yield Alike(decision=target.values[decisions[0]], n=len(decisions))
    for grouping in groupings:
        for code, value in enumerate(grouping.values):
            own = grouping.codes == code
            decided = decisions[own]
            if len(decided) > 1 and (decided == decided[0]).all():
                yield Alike(
                    decision=target.values[decided[0]],
                    n=len(decided),
                    attribute=grouping.name,
                    group=value,
                    truth_varies=len(np.unique(target.codes[own])) > 1,
                )
