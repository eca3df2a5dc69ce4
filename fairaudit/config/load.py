"""From fairaudit.yaml and the command line to a checked configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairaudit.config.explain import explained
from fairaudit.config.gate import OF_CLASSIFIERS
from fairaudit.config.references import region_order
from fairaudit.config.schema import Config
from fairaudit.config.yaml_file import read_yaml
from fairaudit.errors import ConfigError, suggestion
from fairaudit.files import unusual

FILE_NAME = "fairaudit.yaml"
LIBRARIES = ("torchvision", "timm")
"""Sources of architectures that a configuration file may name without trust."""
INTERSECTION = " & "
"""Between the attributes of an intersection, which a gate may name."""

_WHOLE = {("data", "manifest"), ("data", "bias"), ("data", "resample"), ("data", "split")}


def load_config(
    path: Path | None, *, folder: Path, overrides: Mapping[str, Any], trust: bool = False
) -> tuple[Config, Path]:
    """The configuration, and the folder that its paths are relative to.

    Args:
        path: the file, or the folder that holds fairaudit.yaml; None looks for it in `folder`.
        folder: the working folder, which is also the base of a configuration without a file.
        overrides: nested sections from the command line; they win, key by key, and a region, manifest, split, bias or
            resampling as a whole. Their paths are relative to `folder`.
        trust: whether the file may name code to run, that is an architecture outside torchvision and timm.

    Raises:
        ConfigError: the file is missing or broken, a key is unknown, a value is wrong, or a name does not exist.
    """
    file = _find(path, folder)
    if file is None and "manifest" not in overrides.get("data", {}):
        raise ConfigError(
            "There is no configuration and no manifest",
            wanted=FILE_NAME,
            where=str(folder),
            advice="Write one with fairaudit init MODEL DATA, or name the data with --data, or a configuration with "
            "--config.",
        )
    base = folder if file is None else file.parent
    given = _with_paths_from(folder, base, overrides)
    values = merged(read_yaml(file) if file is not None else {}, given)
    name = file.name if file is not None else "the command line"
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise explained(error, model=Config, values=values, file=name, overrides=overrides) from error
    check_names(config, where=name)
    if not trust and "arch" not in overrides.get("model", {}):
        _check_arch(config.model.arch, where=name)
    return _with_files_from(base, config), base


def merged(values: Mapping[str, Any], overrides: Mapping[str, Any], *, key: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values with the overrides' over them, section by section.

    >>> merged({"data": {"target": "a", "id": "b"}}, {"data": {"target": "c"}})
    {'data': {'target': 'c', 'id': 'b'}}
    """
    result = dict(values)
    for name, value in overrides.items():
        place = (*key, name)
        whole = place in _WHOLE or (len(place) == 2 and place[0] == "regions" and value != {"forbidden": True})
        old = result.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and not whole:
            result[name] = merged(old, value, key=place)
        else:
            result[name] = value
    return result


def check_names(config: Config, *, where: str) -> None:
    """Check that every attribute and region that is named exists.

    Attributes are left to the dataset when none is listed, because a known layout brings its own.

    Raises:
        ConfigError: with the nearest name that exists.
    """
    region_order(config.regions)
    for key, name in _regions_named(config):
        _check(name, config.regions, kind="region", where=f"{where}, key {key}")
    attributes = list(config.data.attributes)
    if config.data.bias is not None:
        attributes.append(config.data.bias.attribute)
    if config.data.attributes:
        for key, name in _attributes_named(config):
            _check(name, attributes, kind="attribute", where=f"{where}, key {key}")


def _check_arch(arch: str | None, *, where: str) -> None:
    """A file that merely lies in a folder may not name code: only libraries' own architectures."""
    if arch is None or arch.partition(":")[0].strip() in LIBRARIES:
        return
    raise ConfigError(
        "The configuration file names code to run, and it is not trusted",
        wanted=f"{' or '.join(f'{name}:NAME' for name in LIBRARIES)}",
        found=f'"{arch}"',
        where=f"{where}, key model.arch",
        advice="Give it on the command line with --arch, or trust the file with --trust-model.",
    )


def _find(path: Path | None, folder: Path) -> Path | None:
    if path is None and not (folder / FILE_NAME).is_file():
        return None
    full = folder / (path or FILE_NAME)
    if full.is_dir():
        full = full / FILE_NAME
    found = unusual(full)
    if found == "no such file":
        raise ConfigError("The configuration file does not exist", where=str(full))
    if found is not None:
        raise ConfigError("The configuration cannot be read", wanted="a file", found=found, where=str(full))
    return full


def _with_paths_from(folder: Path, base: Path, overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """The overrides with their paths made absolute, unless they start from the same folder as the file's."""
    data = overrides.get("data", {})
    if folder.absolute() == base.absolute() or not isinstance(data, Mapping):
        return overrides
    moved = dict(data)
    for name in ("manifest", "root"):
        if isinstance(data.get(name), str):
            moved[name] = str(folder.absolute() / data[name])
        elif isinstance(data.get(name), Mapping) and isinstance(data[name].get("root"), str):
            moved[name] = {**data[name], "root": str(folder.absolute() / data[name]["root"])}
    return {**overrides, "data": moved}


def _with_files_from(base: Path, config: Config) -> Config:
    """The configuration with the files of the section audit made absolute, since audits know no base folder."""
    given = config.audit.cvae
    if given is None:
        return config
    if isinstance(given, str):
        files: str | dict[str, str] = str(base.absolute() / given)
    else:
        files = {attribute: str(base.absolute() / file) for attribute, file in given.items()}
    return config.model_copy(update={"audit": config.audit.model_copy(update={"cvae": files})})


def _regions_named(config: Config) -> Iterable[tuple[str, str]]:
    yield from (("audit.region", name) for name in _listed(config.audit.region))
    yield from ((f"audit.shown_in.{attribute}", region) for attribute, region in config.audit.shown_in.items())
    for number, rule in enumerate(config.gates):
        if rule.region is not None:
            yield f"gates[{number}].region", rule.region


def _attributes_named(config: Config) -> Iterable[tuple[str, str]]:
    yield from (("audit.attribute", name) for name in _listed(config.audit.attribute))
    yield from (("audit.control", name) for name in config.audit.control)
    if config.data.resample is not None:
        yield "data.resample.attribute", config.data.resample.attribute
    for number, rule in enumerate(config.gates):
        if (rule.regression or rule.metric) in OF_CLASSIFIERS:
            continue  # --downstream names them, not the data
        for name in (rule.attribute or "").split(INTERSECTION):
            if name:
                yield f"gates[{number}].attribute", name


def _listed(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or [])


def _check(name: str, known: Iterable[str], *, kind: str, where: str) -> None:
    names = list(known)
    if name not in names:
        raise ConfigError(f'There is no {kind} called "{name}"', where=where, advice=suggestion(name, names))
