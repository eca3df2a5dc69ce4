"""Audits ready-made relevance maps and shows what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fairaudit.cli.launch.audits import show
from fairaudit.cli.settings import Asked, load, read_boxes
from fairaudit.cli.shared import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairaudit.config.options import RunOptions
    from fairaudit.config.schema import Config
    from fairaudit.data.loader import Loader
    from fairaudit.data.manifest import Manifest


def launch_maps(
    maps: Path,
    baseline_maps: Path | None,
    *,
    boxes: Sequence[str],
    discover: bool,
    request: Request,
) -> int:
    """Measure regions of the maps, print the table or JSON, and return the exit code.

    Args:
        maps: .npy file, or folder of shards.
        baseline_maps: the same of a baseline.
        boxes: regions as NAME=x0,y0,x1,y1 in pixels of the maps.
        discover: search for windows.
        request: the shared options; with data or a configuration every map has a manifest row, and the regions asked
            for are those of the configuration.
    """
    from fairaudit.audits.core.report.outcome import Outcome
    from fairaudit.audits.regions.map_ids import maps_folder, same_ids
    from fairaudit.audits.regions.maps import MapFiles, audit_maps
    from fairaudit.config.schema import AuditConfig

    asked, options = request.asked, request.options
    maps = maps_folder(maps)
    if baseline_maps is not None:
        baseline_maps = maps_folder(baseline_maps)
        same_ids(maps, baseline_maps)
    rows = None
    if asked.data is not None or asked.config is not None or asked.regions:
        rows = _rows_of(maps, asked, options)
    report = audit_maps(
        MapFiles(maps=maps, baseline=baseline_maps, boxes=read_boxes(boxes), masks=rows.masks if rows else {}),
        manifest=rows.manifest if rows else None,
        audit=rows.config.audit if rows else AuditConfig.model_validate(asked.extra.get("audit", {})),
        gates=rows.config.gates if rows else [],
        options=options,
        discover=discover,
        notes=[] if rows else list(_unread()),
    )
    return show([Outcome(name=maps.stem, folder=options.output, report=report)], request=request)


def _unread() -> Iterator[str]:
    """A note that the configuration in this folder is not used, so that nobody thinks its gates were judged."""
    from fairaudit.config.load import FILE_NAME

    if Path(FILE_NAME).exists():
        yield (
            f"{FILE_NAME} of this folder was not read, and no gate of it is judged: maps are paired with its rows "
            f"only with --config {FILE_NAME}."
        )


class _MapRows(NamedTuple):
    """What the data say of the maps."""

    manifest: Manifest
    """A row of every map, in their order."""
    config: Config
    """The configuration; its rules about the method that made the maps are about these maps."""
    masks: dict[str, NDArray[np.bool_]]
    """Region asked for → its pixels for every map."""


def _rows_of(maps: Path, asked: Asked, options: RunOptions) -> _MapRows:
    from fairaudit.audits.core.study.study import open_material
    from fairaudit.audits.regions.map_ids import manifest_rows
    from fairaudit.audits.regions.maps import METHOD
    from fairaudit.data.loader import Loader
    from fairaudit.data.open import open_manifest

    config, base = load(asked)
    masks: dict[str, NDArray[np.bool_]] = {}
    if asked.regions:  # to be drawn on the images; nothing else needs them
        material = open_material(config, base=base, options=options, with_regions=True, by_place=True)
        manifest = material.manifest
        # Without a target, so that no row is left out: there is a map of every one.
        loader = Loader(replace(manifest, target=None), config.preprocess, material.loader.regions, options.workers)
        rows = manifest_rows(maps, manifest.ids, manifest=manifest.name)
        masks = _masks(loader, asked.regions, range(len(manifest)) if rows is None else rows.tolist())
    else:
        manifest = open_manifest(config, base=base, limit=options.limit, seed=options.seed, images=False, by_place=True)
        rows = manifest_rows(maps, manifest.ids, manifest=manifest.name)
    gates = [rule.model_copy(update={"method": METHOD}) if rule.method == maps.name else rule for rule in config.gates]
    return _MapRows(
        manifest=manifest if rows is None else manifest.take(rows),
        config=config.model_copy(update={"gates": gates}),
        masks=masks,
    )


def _masks(loader: Loader, names: Sequence[str], rows: Sequence[int]) -> dict[str, NDArray[np.bool_]]:
    import numpy as np

    from fairaudit.errors import DataError

    batches = [loader.load(rows[start : start + 128]) for start in range(0, len(rows), 128)]
    lost = [reason for batch in batches for _, reason in batch.excluded]
    if lost:
        raise DataError(
            "Regions cannot be drawn on images that cannot be read",
            wanted=f"{len(rows)} images, one per map",
            found=f"{len(lost)} that cannot be read, the first: {lost[0]}",
            where=loader.manifest.name,
            advice="Give the region as --region-box in pixels of the maps, which needs no images.",
        )
    return {name: np.concatenate([batch.regions[name].numpy() for batch in batches]) for name in names}
