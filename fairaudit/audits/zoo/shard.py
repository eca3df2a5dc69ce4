"""One part of the models on one machine, and what shows later that parts belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.errors import DataError
from fairaudit.files import read_bytes, reason
from fairaudit.results.provenance import library_versions
from fairaudit.results.strict_json import dumps, loads, write_text

T = TypeVar("T")
FILE: Final = "shard.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part `index` of `of`, counted from 1: every `of`-th model, beginning with number `index`."""

    index: int
    of: int

    def take(self, models: Sequence[T]) -> list[T]:
        """The models of this part; the parts of 1 … `of` hold every model once.

        >>> [Shard(index=i, of=3).take("abcde") for i in (1, 2, 3)]
        [['a', 'd'], ['b', 'e'], ['c']]
        """
        return list(models[self.index - 1 :: self.of])


def settings_of(config: Config, options: RunOptions, *, data: str, baseline: str | None, metrics: Sequence[str]) -> str:
    """Digest of everything but the models that the numbers of a run depend on.

    Args:
        config: the whole configuration.
        options: the run's.
        data: digest of the data.
        baseline: digest of the baseline's file.
        metrics: what the command measures.
    """
    facts: dict[str, Any] = {
        "config": config.model_dump(mode="json"),
        "data": data,
        "baseline": baseline,
        "metrics": sorted(metrics),
        "seed": options.seed,
        "limit": options.limit,
        "max_excluded": options.max_excluded,
        "fail_on": options.fail_on,
        "precision": options.precision,
        "images": options.images,
        "figures": options.figures,
        "versions": library_versions(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def write_shard(folder: Path, shard: Shard, names: Sequence[str], settings: str) -> None:
    """Write which part of which models the folder holds.

    Raises:
        OutputError: the file cannot be written.
    """
    facts = {"schema_version": 1, "index": shard.index, "of": shard.of, "models": list(names), "settings": settings}
    write_text(folder / FILE, dumps(facts))


def read_shard(folder: Path) -> Mapping[str, Any]:
    """What `write_shard` wrote.

    Raises:
        DataError: there is no such file, or it is something else.
    """
    path = folder / FILE
    try:
        value = loads(read_bytes(path, what="The part of a run").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError("The file is not strict JSON", found=reason(error), where=str(path)) from error
    kinds = {"schema_version": int, "index": int, "of": int, "models": list, "settings": str}
    if not isinstance(value, dict) or {name: type(value.get(name)) for name in kinds} != kinds:
        raise DataError(
            "The folder holds no part of a run",
            wanted="the folder of a run of `fairaudit audit --shard`",
            where=str(path),
        )
    if value["schema_version"] != 1 or not all(isinstance(name, str) for name in value["models"]):
        raise DataError("The part was written by another version of fairaudit", where=str(path))
    return value
