"""What was fitted, on disk: one file per method, seed and λ, so that a run that was killed resumes where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from fairaudit.errors import DataError
from fairaudit.mitigation.edits import Edit, GroupThreshold, GroupThresholds, HeadEdit, Inserted, Weights
from fairaudit.results.strict_json import write_bytes
from fairaudit.results.tensor_file import in_order

_COLUMN, _CHOOSING = "column.", "column.choose."
"""What the names of tensors in a file begin with: of the reporting part, and of the choosing part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One fit."""

    method: str
    seed: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """The result of the fit."""

    unit: Unit
    edit: Edit | None = None
    """None where the method failed."""
    reason: str = ""
    """Why it failed."""
    facts: Mapping[str, float] = field(default_factory=dict)
    """What the method found on the way."""
    columns: Mapping[str, Tensor] = field(default_factory=dict)
    """What it does with every image of the reporting part."""
    choosing: Mapping[str, Tensor] = field(default_factory=dict)
    """What it does with every image of the choosing part."""
    seconds: float = 0.0
    """Time of the fit; not part of what must be the same twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitStore:
    """A folder of fits."""

    folder: Path
    key: str
    """Everything that a fit depends on beside its unit."""
    lost: Mapping[Unit, str] = field(default_factory=dict)
    """Units whose process died, with the reason: rows of this run without files, so that another run tries again."""

    def path(self, unit: Unit) -> Path:
        """File of a unit; its name holds the key's digest, so that fits of other runs are never taken for its own."""
        text = f"{self.key}\x1f{unit.method}\x1f{unit.seed}\x1f{unit.strength!r}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.folder / f"{unit.method}-{unit.seed}-{unit.strength:g}-{digest}.safetensors"

    def save(self, fit: Fit) -> None:
        """Write a fit whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        from safetensors.torch import save

        tensors, kind = _tensors(fit.edit)
        tensors |= {f"{_COLUMN}{name}": value for name, value in fit.columns.items()}
        tensors |= {f"{_CHOOSING}{name}": value for name, value in fit.choosing.items()}
        facts = {"kind": kind, "reason": fit.reason, "facts": json.dumps(dict(fit.facts), sort_keys=True)}
        contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        write_bytes(self.path(fit.unit), in_order(save(contiguous, metadata=facts)))
        write_bytes(self._seconds(fit.unit), f"{fit.seconds:.6f}\n".encode())

    def load(self, unit: Unit) -> Fit | None:
        """A stored fit; None if there is none, or if it cannot be read and has to be made again."""
        from safetensors import SafetensorError, safe_open

        if unit in self.lost:
            return Fit(unit=unit, reason=self.lost[unit])
        path = self.path(unit)
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                text = file.metadata() or {}
                tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError):
            return None
        chosen = _under(_CHOOSING, tensors)
        rest = {name: value for name, value in tensors.items() if not name.startswith(_CHOOSING)}
        seconds = self._seconds(unit)
        return Fit(
            unit=unit,
            edit=_edit(text["kind"], tensors),
            reason=text["reason"],
            facts=json.loads(text["facts"]),
            columns=_under(_COLUMN, rest),
            choosing=chosen,
            seconds=float(seconds.read_text(encoding="utf-8")) if seconds.is_file() else 0.0,
        )

    def packed(self, unit: Unit) -> dict[str, bytes]:
        """Name → bytes of the files of a stored fit; empty without one."""
        files = (self.path(unit), self._seconds(unit))
        return {file.name: file.read_bytes() for file in files if self.path(unit).is_file() and file.is_file()}

    def take_up(self, unit: Unit, files: Mapping[str, bytes]) -> None:
        """Keep the files of a fit that was made elsewhere.

        Raises:
            DataError: they are of a run on other data or under other settings.
            OutputError: they cannot be written.
        """
        names = (self.path(unit).name, self._seconds(unit).name)
        if names[0] not in files:
            raise DataError(
                "A worker returned another fit than the one that was asked for",
                wanted=names[0],
                found=", ".join(sorted(files)) or "nothing",
                advice="Model, data and the version of torch must be the same on every machine, under the same paths.",
            )
        for name in reversed([name for name in names if name in files]):  # the fit last: it says that all is there
            write_bytes(self.folder / name, files[name])

    def _seconds(self, unit: Unit) -> Path:
        return self.path(unit).with_suffix(".seconds")


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a file whose names begin with the prefix, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _tensors(edit: Edit | None) -> tuple[dict[str, Tensor], str]:
    if edit is None:
        return {}, "none"
    if isinstance(edit, Weights):
        return {f"edit.{name}": value for name, value in edit.values.items()}, "weights"
    if isinstance(edit, HeadEdit):
        return {"edit.weight": edit.weight, "edit.bias": edit.bias}, "head"
    if isinstance(edit, Inserted):
        own = {"edit.weight": edit.weight, "edit.bias": edit.bias}
        head = {} if edit.head_bias is None else {"edit.head_bias": edit.head_bias}
        return own | head, f"inserted {edit.layer}"
    numbers = [[g.lower, g.upper, g.mix, g.keep] for g in edit.groups]
    return {"edit.rule": torch.tensor([*numbers, [edit.base_rate, 0, 0, 0]], dtype=torch.float64)}, "rule"


def _edit(kind: str, tensors: Mapping[str, Tensor]) -> Edit | None:
    own = _under("edit.", tensors)
    if kind == "none":
        return None
    if kind == "weights":
        return Weights(values=own)
    if kind == "head":
        return HeadEdit(weight=own["weight"], bias=own["bias"])
    if kind == "rule":
        *groups, last = own["rule"].tolist()
        rules = tuple(GroupThreshold(lower=a, upper=b, mix=c, keep=d) for a, b, c, d in groups)
        return GroupThresholds(groups=rules, base_rate=last[0])
    layer = kind.removeprefix("inserted ")
    return Inserted(layer=layer, weight=own["weight"], bias=own["bias"], head_bias=own.get("head_bias"))
