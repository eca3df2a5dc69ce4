"""What all planted biases share: which value every row gets, and what the manifest must be like."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.errors import DataError
from fairaudit.seeds import generator


def draw_values(codes: NDArray[np.int32], rho: float, *, values: int, use: str, seed: int) -> NDArray[np.int32]:
    """A bias value per row: floor(n ρ) rows of each class of n get their own code, the others another one, uniformly.

    ρ is taken as the decimal number it was written as, so that 1000 rows at 0.995 are 995 and not 994.

    Args:
        codes: class of every row, -1 unknown.
        rho: share of aligned rows, 0 to 1.
        values: number of bias values, at least 2 and at least the number of classes.
        use: names the draw, so that two biases are drawn independently.
        seed: fixes every draw; a class's draws do not depend on the other classes.
    """
    drawn = np.full(len(codes), -1, np.int32)
    for code in range(int(codes.max(initial=-1)) + 1):
        rows = np.flatnonzero(codes == code)
        random = generator(seed, use, code)
        rows = random.permutation(rows)
        aligned = math.floor(len(rows) * Fraction(str(rho)))
        others = random.integers(0, values - 1, size=len(rows) - aligned)
        drawn[rows[:aligned]] = code
        drawn[rows[aligned:]] = others + (others >= code)
    return drawn


def target_for(manifest: Manifest, *, at_most: int, what: str) -> Categorical:
    """The manifest's target.

    Raises:
        DataError: it has none, or one with more values than there are bias values.
    """
    target = manifest.target
    if target is None or len(target.values) > at_most:
        raise DataError(
            f"{what} a target of at most {at_most} values",
            found="no target" if target is None else f"{len(target.values)} values",
            where="data.bias",
        )
    return target


def free_name(manifest: Manifest, name: str) -> str:
    """The name of the attribute that a bias brings.

    Raises:
        DataError: the manifest has one of that name.
    """
    if name in manifest.attributes:
        raise DataError(f'The attribute "{name}" already exists', where="data.bias.attribute")
    return name


def brought(bias: Bias | None) -> tuple[str, ...]:
    """Names of the attributes that a bias adds to a manifest."""
    if bias is None:
        return ()
    if bias.kind == "two_background_colours":
        return (f"left_{bias.attribute}", f"right_{bias.attribute}")
    return (bias.attribute,)
