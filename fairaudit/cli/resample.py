"""`fairaudit resample`: undersample a manifest to balanced cells or to a chosen φ, written as a new manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairaudit.cli import options as o

if TYPE_CHECKING:
    from fairaudit.cli.settings import Asked


def resample(
    attribute: Annotated[str, typer.Option(help="Attribute whose cells with the target are set.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Manifest to write (.csv).")],
    phi: Annotated[float | None, typer.Option(min=-1, max=1, help="Yule's φ to reach; balanced when left out.")] = None,
    config: o.ConfigFile = None,
    data: o.DataFile = None,
    target: o.Target = None,
    split: o.Split = None,
    seed: o.Seed = 0,
) -> None:
    """Undersample rows so that attribute and target are balanced, or have a chosen φ.

    Example: fairaudit resample --attribute sex -o balanced.csv
    """
    from fairaudit.cli.settings import Asked
    from fairaudit.cli.shared import guarded

    asked = Asked(config=config, data=data, target=target, attributes=[attribute], split=split)
    guarded(lambda: _resample(asked, attribute=attribute, phi=phi, output=output, seed=seed))


def _resample(asked: Asked, *, attribute: str, phi: float | None, output: Path, seed: int) -> int:
    from fairaudit.audits.resample.resample import resample_manifest
    from fairaudit.cli.settings import load
    from fairaudit.cli.terminal.console import say

    config, base = load(asked, opens_model=False)
    found = resample_manifest(config, base=base, attribute=attribute, phi=phi, output=output, seed=seed)
    change = (
        "" if found.phi is None or found.phi_before is None else f" φ was {found.phi_before:.3f}, is {found.phi:.3f}."
    )
    say(f"Wrote {output}: {found.rows} of {found.before} rows.{change} Image paths are relative to {found.folder}.")
    return 0
