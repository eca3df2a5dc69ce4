"""From command line options to a configuration and run options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairaudit.cli.options.output import FORMATS
from fairaudit.config.options import SHOW_FIGURES, Executor, FailOn, Precision, RunOptions
from fairaudit.errors import UsageError, suggestion
from fairaudit.limits import bytes_of

if TYPE_CHECKING:
    from fairaudit.audits.regions.map_shards import MapFormat
    from fairaudit.config.schema import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says about data, model and audit; None leaves it to the configuration file."""

    config: Path | None = None
    data: Path | None = None
    target: str | None = None
    attributes: list[str] | None = None
    regions: list[str] | None = None
    boxes: list[str] | None = None
    forbidden: list[str] | None = None
    size: str | None = None
    classes: list[str] | None = None
    output_kind: str | None = None
    arch: str | None = None
    methods: list[str] | None = None
    split: str | None = None
    trust: bool = False
    """Whether the configuration file may name code to run."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further overrides, as nested sections of the configuration."""


def load(asked: Asked, *, opens_model: bool = True) -> tuple[Config, Path]:
    """The configuration with the command line's values over the file's, and the folder its paths start from.

    Args:
        asked: the command line.
        opens_model: whether the command opens a model, so that code which the file names would run.
    """
    from fairaudit.config.load import load_config

    trust = asked.trust or not opens_model
    return load_config(asked.config, folder=Path.cwd(), overrides=overrides(asked), trust=trust)


def split_of(text: str) -> dict[str, str]:
    """`COLUMN=VALUE` as the configuration has it.

    Raises:
        UsageError: it is not of that form.
    """
    column, value = _pair(text, "--split", "COLUMN=VALUE")
    return {"column": column, "use": value}


def overrides(asked: Asked) -> dict[str, Any]:
    """The command line's values as nested sections; what was not given is left out.

    Raises:
        UsageError: a box, a size or a split that cannot be read.
    """
    _check_filled(asked)
    sections: dict[str, dict[str, Any]] = {"data": {}, "preprocess": {}, "model": {}, "regions": {}, "audit": {}}
    if asked.data is not None:
        sections["data"]["manifest"] = str(asked.data.resolve())
    if asked.target:
        sections["data"]["target"] = asked.target
    if asked.split:
        sections["data"]["split"] = split_of(asked.split)
    if asked.data is not None and asked.attributes:
        sections["data"]["attributes"] = asked.attributes
    if asked.size:
        sections["preprocess"]["size"] = list(size_of(asked.size))
    if asked.classes:
        sections["model"]["classes"] = listed(asked.classes)
    if asked.output_kind:
        sections["model"]["output"] = asked.output_kind
    if asked.arch:
        sections["model"]["arch"] = asked.arch
    for name, box in read_boxes(asked.boxes or []).items():
        sections["regions"][name] = {"box": box, "units": "fraction"}
    for name in asked.forbidden or []:
        sections["regions"][name] = {**sections["regions"].get(name, {}), "forbidden": True}
    if asked.attributes:
        sections["audit"]["attribute"] = asked.attributes
    if asked.regions:
        sections["audit"]["region"] = asked.regions
    if asked.methods:
        sections["audit"]["saliency"] = asked.methods
    for name, values in asked.extra.items():
        sections.setdefault(name, {}).update(values)
    return {name: values for name, values in sections.items() if values}


def _check_filled(asked: Asked) -> None:
    """Refuse options that are there and say nothing, as where a variable of the shell is not set."""
    given = {"--target": asked.target, "--split": asked.split, "--size": asked.size, "--arch": asked.arch}
    for option, text in given.items():
        if text is not None and not text.strip():
            raise UsageError(f"The option {option} is empty", advice="Give it a value or leave it out.")


def read_boxes(texts: Sequence[str]) -> dict[str, list[float]]:
    """Boxes given as NAME=x0,y0,x1,y1.

    Raises:
        UsageError: a text that cannot be read so.

    >>> read_boxes(["tie=0.3,0.75,0.7,1"])
    {'tie': [0.3, 0.75, 0.7, 1.0]}
    """
    pairs = [_pair(text, "--region-box", "NAME=x0,y0,x1,y1") for text in texts]
    return {name: _numbers(box, 4, "--region-box") for name, box in pairs}


def relevance_options(*, explain: str | None = None, convention: str | None = None) -> dict[str, Any]:
    """What the command line says about relevance, as overrides of the section audit.

    >>> relevance_options(explain="prediction")
    {'audit': {'explain': 'prediction'}}
    """
    given = {"explain": explain, "convention": convention}
    return {"audit": {name: value for name, value in given.items() if value is not None}}


def per_attribute_options(*, twins: Sequence[str] | None = None, cvae: Sequence[str] | None = None) -> dict[str, Any]:
    """Columns of twins and files of conditional VAEs, as overrides of the section audit; files start from here.

    Raises:
        UsageError: several values of which one does not name its attribute.

    >>> per_attribute_options(twins=["necktie=twin", "hat=bare"])
    {'audit': {'twins': {'necktie': 'twin', 'hat': 'bare'}}}
    >>> per_attribute_options()
    {}
    """
    found: dict[str, Any] = {}
    if twins:
        found["twins"] = _per_attribute(twins, "--twins", "COLUMN")
    if cvae:
        files = _per_attribute(cvae, "--cvae", "FILE")
        found["cvae"] = (
            str(Path(files).absolute())
            if isinstance(files, str)
            else {name: str(Path(file).absolute()) for name, file in files.items()}
        )
    return {"audit": found} if found else {}


def _per_attribute(texts: Sequence[str], option: str, value: str) -> str | dict[str, str]:
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    return dict(_pair(text, option, f"ATTRIBUTE={value}") for text in texts)


def merged_extra(*extras: dict[str, Any]) -> dict[str, Any]:
    """Several nested overrides as one.

    >>> merged_extra({"audit": {"a": 1}}, {}, {"audit": {"b": 2}})
    {'audit': {'a': 1, 'b': 2}}
    """
    found: dict[str, Any] = {}
    for extra in extras:
        for section, values in extra.items():
            found[section] = {**found.get(section, {}), **values}
    return found


def maps_format_of(text: MapFormat | None, *, save_maps: bool) -> MapFormat | None:
    """The format of saved maps, or None where none are saved.

    Raises:
        UsageError: a format without --save-maps.

    >>> maps_format_of(None, save_maps=True)
    'npy'
    """
    if text is None:
        return "npy" if save_maps else None
    if not save_maps:
        raise UsageError(
            "--maps-format is for maps that are saved", wanted="--save-maps", found=f"--maps-format {text}"
        )
    return text


def run_options(
    *,
    output: Path,
    device: str,
    precision: Precision,
    batch_size: str,
    workers: int,
    seed: int,
    limit: int | None,
    fresh: bool,
    max_excluded: int,
    trust_model: bool,
    fail_on: FailOn,
    formats: Sequence[str] | None,
    images: bool = True,
    timeout_per_batch: float | None = None,
    cache: str = "2G",
    shard: str | None = None,
    jobs: int = 1,
    executor: Executor = "local",
    address: str | None = None,
    gpus_per_model: float = 0.0,
) -> RunOptions:
    """The run options, with their texts checked.

    Raises:
        UsageError: a text is not one of those allowed.
    """
    _check_cluster(executor, address, gpus_per_model)
    names = format_names(formats)
    return RunOptions(
        output=output,
        device=device,
        precision=precision,
        batch_size=_batch_size(batch_size),
        workers=workers,
        seed=seed,
        limit=limit,
        fresh=fresh,
        max_excluded=max_excluded,
        trust_model=trust_model,
        fail_on=fail_on,
        formats=names,
        figures=not SHOW_FIGURES.isdisjoint(names),
        images=images,
        timeout_per_batch=timeout_per_batch,
        cache=_bytes(cache, "--cache"),
        shard=None if shard is None else _shard(shard),
        jobs=jobs,
        executor=executor,
        address=address,
        gpus_per_model=gpus_per_model,
        command=("fairaudit", *sys.argv[1:]),
    )


def _check_cluster(executor: Executor, address: str | None, gpus_per_model: float) -> None:
    """Refuse options of a Ray cluster where none is used."""
    if executor == "local" and (address is not None or gpus_per_model):
        given = "--gpus-per-model" if address is None else "--address"
        raise UsageError(f"{given} is for a Ray cluster", wanted="--executor ray", found=given)


def listed(texts: Sequence[str]) -> list[str]:
    """The names of an option that is repeated, or whose names are joined by commas, in their order.

    >>> listed(["md", "html, csv"])
    ['md', 'html', 'csv']
    """
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def format_names(texts: Sequence[str] | None) -> tuple[str, ...]:
    """The renderings asked for; Markdown and HTML where none is.

    Raises:
        UsageError: a rendering that does not exist.
    """
    names = listed(texts or ["md", "html"])
    for name in names:
        if name not in FORMATS:
            raise UsageError(
                f'--format cannot be "{name}"', wanted=", ".join(FORMATS), advice=suggestion(name, FORMATS)
            )
    return tuple(dict.fromkeys(names))


def _shard(text: str) -> tuple[int, int]:
    """Part and number of parts.

    >>> _shard("2/8")
    (2, 8)
    """
    index, slash, of = text.partition("/")
    if slash and all(part.isdecimal() and len(part) < 7 for part in (index, of)) and 1 <= int(index) <= int(of):
        return int(index), int(of)
    raise UsageError("--shard cannot be read", wanted="I/N with I from 1 to N, such as 3/8", found=text[:80])


def _bytes(text: str, option: str) -> int:
    """Bytes with an optional K, M, G or T.

    >>> _bytes("2G", "--cache"), _bytes("0", "--cache")
    (2147483648, 0)
    """
    count = bytes_of(text)
    if count is None:
        raise UsageError(
            f"{option} is not a size", wanted="bytes, optionally with K, M, G or T, such as 2G", found=text[:80]
        )
    return count


def _batch_size(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise UsageError("--batch-size is not a number", wanted="auto, or a number from 1", found=text[:80])
    return int(text)


def size_of(text: str) -> tuple[int, int]:
    """Height and width of `--size`; one number is a square.

    Raises:
        UsageError: it is neither.
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) == 1:
        parts *= 2
    if len(parts) != 2 or not all(part.strip().isdecimal() and len(part) < 9 and int(part) for part in parts):
        raise UsageError("--size cannot be read", wanted="HEIGHTxWIDTH, such as 64x64", found=text)
    return int(parts[0]), int(parts[1])


def _pair(text: str, option: str, wanted: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name and found and value):
        raise UsageError(f"{option} cannot be read", wanted=wanted, found=text)
    return name, value


def _numbers(text: str, count: int, option: str) -> list[float]:
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError as error:
        raise UsageError(
            f"{option} holds something that is not a number", wanted=f"{count} numbers", found=text
        ) from error
    if len(numbers) != count:
        raise UsageError(f"{option} has {len(numbers)} numbers", wanted=f"{count} numbers", found=text)
    return numbers
