"""Accuracy where several biases agree with the class, or do not, in every combination."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from fairaudit.audits.pruning.rows import Reported, share
from fairaudit.results.measurement import Measurement

_WORDS = {True: "aligned", False: "conflicting"}


def cell_rows(reported: Reported, name: str) -> Iterator[Measurement]:
    """`cell_accuracy` of a variant for every combination of aligned and conflicting biases; nothing for one bias.

    The group says of each bias, in their order, whether its value goes with the image's class. Images with an unknown
    value, or one that goes with no class, are in no cell.
    """
    if len(reported.biases) < 2:
        return
    hints = np.stack([reported.hints(number) for number in range(len(reported.biases))])
    known, aligned = (hints >= 0).all(0), hints == reported.target
    for cell in product((True, False), repeat=len(reported.biases)):
        inside = known & (aligned == np.array(cell)[:, None]).all(0)
        right = [v.evaluation.decisions == reported.target for v in reported.named(name)]
        yield share(
            "cell_accuracy",
            right,
            inside,
            reported=reported,
            method=name,
            attribute=" & ".join(reported.biases),
            group=" & ".join(_WORDS[side] for side in cell),
        )
