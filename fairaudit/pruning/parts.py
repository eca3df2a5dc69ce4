"""Three parts of the data that share nothing: fit the masks, choose when to stop, report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import Resample
from fairaudit.counted import counted
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest, in_spans
from fairaudit.data.resample import resample
from fairaudit.data.source import ImageSource, SubsetSource
from fairaudit.errors import DataError, UsageError, suggestion
from fairaudit.seeds import generator

SHARES = (0.4, 0.2, 0.4)
"""Shares of the rows that fit, choose and report, when one table is divided."""
_JOINT = "\x1fjoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Three manifests that share no id, no image and no cluster."""

    fit: Manifest
    """The gates, the heads, the probes and the controls learn on it."""
    choose: Manifest
    """Temperature and end of the search are decided on it."""
    report: Manifest
    """Every number is measured on it."""


def divide(manifest: Manifest, *, seed: int, shares: Sequence[float] = SHARES) -> Parts:
    """Divide one manifest at random: rows that share an image or a cluster stay together.

    Args:
        manifest: all rows.
        seed: seed of the draw.
        shares: of fit, choose and report; they must sum to 1.

    Raises:
        UsageError: the shares are not positive numbers that sum to 1.
        DataError: a part would be empty.
    """
    if len(shares) != 3:
        raise UsageError("The shares of the parts cannot be used", wanted="three of them", found=str(len(shares)))
    fit, choose, report = pieces(manifest, shares, seed=seed)
    return Parts(fit=fit, choose=choose, report=report)


def pieces(manifest: Manifest, shares: Sequence[float], *, seed: int) -> list[Manifest]:
    """Divide one manifest at random into pieces of about these shares; linked rows stay together.

    Raises:
        UsageError: the shares are not positive numbers that sum to 1.
        DataError: a piece would be empty.
    """
    if any(share <= 0 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise UsageError("The shares of the parts cannot be used", wanted="numbers above 0 that sum to 1")
    groups = _together(manifest)
    rows: list[list[int]] = [[] for _ in shares]
    ends = np.cumsum(shares) * len(manifest)
    placed = 0
    for place in generator(seed, "pruning parts").permutation(len(groups)).tolist():
        part = int(np.searchsorted(ends[:-1], placed, side="right"))
        rows[part] += groups[place]
        placed += len(groups[place])
    if not all(rows):
        raise DataError(
            f"The rows cannot be divided into {len(shares)} parts",
            wanted="at least one image or cluster for each",
            found=f"{counted(len(manifest), 'row')} in {counted(len(groups), 'group')} that must stay together",
            where=manifest.name,
        )
    return [manifest.take(sorted(part)) for part in rows]


def check_disjoint(parts: Mapping[str, Manifest]) -> None:
    """Refuse parts that share an id, an image (by the hash of its content) or a cluster.

    Raises:
        DataError: two parts overlap; it names what they share.
    """
    names = list(parts)
    keys = {name: _keys(parts[name]) for name in names}
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            for kind in ("id", "image", "cluster"):
                shared = sorted(keys[first][kind] & keys[second][kind])
                if shared:
                    raise _overlap(first, second, kind, shared)


def balanced(manifest: Manifest, attributes: Sequence[str], *, seed: int) -> Manifest:
    """Undersample so that every combination of target and bias values has as many rows as the scarcest.

    Raises:
        DataError: a combination has no rows, so there is nothing unbiased to learn from.
        UsageError: an attribute does not exist.
    """
    joint = joint_of(manifest, attributes)
    with_joint = replace(manifest, attributes={**manifest.attributes, _JOINT: joint})
    try:
        found = resample(with_joint, Resample(attribute=_JOINT), seed=seed)
    except DataError as error:
        raise DataError(
            "There are no unbiased images to fit the masks on",
            wanted=f"at least one image for every combination of target and {' and '.join(attributes)}",
            found=error.found.replace(_JOINT, " & ".join(attributes)) if error.found else None,
            where=manifest.name,
            advice="Give a manifest in which the bias does not depend on the target, or use --unbalanced.",
        ) from error
    kept = {name: column for name, column in found.attributes.items() if name != _JOINT}
    note = f"the fitting part was balanced to {len(found)} of {len(manifest)} rows (seed {seed})"
    return replace(found, attributes=kept, notes=(*manifest.notes, note))


def joint_of(manifest: Manifest, attributes: Sequence[str]) -> Categorical:
    """One column with the combinations of several attributes that occur, unknown if any of them is.

    Raises:
        UsageError: an attribute does not exist.
    """
    for name in attributes:
        if name not in manifest.attributes:
            problem = f'There is no attribute called "{name}"'
            raise UsageError(problem, advice=suggestion(name, manifest.attributes))
    columns = [manifest.attributes[name] for name in attributes]
    stacked = np.stack([column.codes for column in columns], axis=1)
    known = (stacked >= 0).all(axis=1)
    combinations, inverse = np.unique(stacked[known], axis=0, return_inverse=True)
    codes = np.full(len(manifest), -1, np.int32)
    codes[known] = inverse.reshape(-1)
    values = tuple(
        " & ".join(column.values[code] for column, code in zip(columns, row, strict=True))
        for row in combinations.tolist()
    )
    return Categorical(name=_JOINT, values=values, codes=codes)


def origin(source: ImageSource, row: int) -> str:
    """Digest of the image before anything was planted into it, so that the same digit in two colours is one image."""
    base = getattr(source, "base", None)
    if isinstance(source, SubsetSource):
        return origin(source.base, int(source.rows[row]))
    return source.fingerprint(row) if base is None else origin(base, row)


def _keys(manifest: Manifest) -> dict[str, set[str]]:
    cluster = manifest.cluster
    clusters = set() if cluster is None else {cluster.values[code] for code in cluster.codes.tolist() if code >= 0}
    return {"id": set(manifest.ids), "image": set(_origins(manifest)) - {"missing"}, "cluster": clusters}


def _origins(manifest: Manifest) -> list[str]:
    return in_spans(lambda row: origin(manifest.source, row), len(manifest))


def _together(manifest: Manifest) -> list[list[int]]:
    """Rows linked by an image or a cluster, in order of their first row."""
    parent = list(range(len(manifest)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    seen: dict[str, int] = {}
    for row, keys in enumerate(_links(manifest)):
        for key in keys:
            parent[root(row)] = root(seen.setdefault(key, row))
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for row in range(len(manifest)):
        groups[root(row)].append(row)
    return sorted(groups.values(), key=lambda rows: rows[0])


def _links(manifest: Manifest) -> list[list[str]]:
    codes: NDArray[np.int32] = (
        manifest.cluster.codes if manifest.cluster is not None else np.full(len(manifest), -1, np.int32)
    )
    return [
        [*([f"image {digest}"] if digest != "missing" else []), *([f"cluster {code}"] if code >= 0 else [])]
        for digest, code in zip(_origins(manifest), codes.tolist(), strict=True)
    ]


def _overlap(first: str, second: str, kind: str, shared: Sequence[str]) -> DataError:
    shown = ", ".join(text[:16] for text in shared[:3]) + (", …" if len(shared) > 3 else "")
    return DataError(
        f'The parts "{first}" and "{second}" overlap',
        wanted="parts that share no id, no image and no cluster: what was fitted must not be reported on",
        found=f"{len(shared)} shared {kind}{'s' if len(shared) > 1 else ''} ({shown})",
        advice="Remove the shared rows from one of them, or give one manifest and let it be divided.",
    )
