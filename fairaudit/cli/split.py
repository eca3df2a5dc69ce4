"""`fairaudit split`: a manifest in parts for mitigation, which share no image and no cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairaudit.cli import options as o

if TYPE_CHECKING:
    from fairaudit.cli.settings import Asked


def split(
    attribute: Annotated[str, typer.Option(help="Attribute whose association with the target is set.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Manifest to write (.csv).")],
    phi: Annotated[float | None, typer.Option(min=-1, max=1, help="Yule's φ of the parts train and debias.")] = None,
    config: o.ConfigFile = None,
    data: o.DataFile = None,
    target: o.Target = None,
    rows: o.Split = None,
    seed: o.Seed = 0,
) -> None:
    """Divide rows into train, debias, choose and report, the first two at a chosen φ, the others balanced.

    Example: fairaudit split --attribute necktie --phi 0.9 -o parts.csv
    """
    from fairaudit.cli.settings import Asked
    from fairaudit.cli.shared import guarded

    asked = Asked(config=config, data=data, target=target, attributes=[attribute], split=rows)
    guarded(lambda: _split(asked, attribute=attribute, phi=phi, output=output, seed=seed))


def _split(asked: Asked, *, attribute: str, phi: float | None, output: Path, seed: int) -> int:
    from fairaudit.audits.resample.split import split_manifest
    from fairaudit.cli.settings import load
    from fairaudit.cli.terminal.console import say

    config, base = load(asked, opens_model=False)
    found = split_manifest(config, base=base, attribute=attribute, phi=phi, output=output, seed=seed)
    parts = ", ".join(f"{p.name} {p.rows}" + ("" if p.phi is None else f" (φ {p.phi:.2f})") for p in found.parts)
    say(f"Wrote {output}: {parts} of {found.before} rows. Image paths are relative to {found.folder}.")
    return 0
