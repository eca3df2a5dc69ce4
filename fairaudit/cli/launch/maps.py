"""Audits ready-made relevance maps and shows what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.launch.audits import show
from fairaudit.cli.settings import load, read_boxes
from fairaudit.cli.shared import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairaudit.data.loader import Loader


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
    from fairaudit.audits.core.study.study import open_material
    from fairaudit.audits.regions.map_ids import manifest_rows, maps_folder, same_ids
    from fairaudit.audits.regions.maps import METHOD, MapFiles, audit_maps
    from fairaudit.config.schema import AuditConfig
    from fairaudit.data.loader import Loader
    from fairaudit.data.open import open_manifest

    asked, options = request.asked, request.options
    maps = maps_folder(maps)
    if baseline_maps is not None:
        baseline_maps = maps_folder(baseline_maps)
        same_ids(maps, baseline_maps)
    manifest, config, masks = None, None, {}
    if asked.data is not None or asked.config is not None or asked.regions:
        config, base = load(asked)
        if asked.regions:  # to be drawn on the images; nothing else needs them
            material = open_material(config, base=base, options=options, with_regions=True, by_place=True)
            manifest = material.manifest
            # Without a target, so that no row is left out: there is a map of every one.
            regions = material.loader.regions
            loader = Loader(replace(manifest, target=None), config.preprocess, regions, options.workers)
            rows = manifest_rows(maps, manifest.ids, manifest=manifest.name)
            masks = _masks(loader, asked.regions, range(len(manifest)) if rows is None else rows.tolist())
        else:
            manifest = open_manifest(
                config, base=base, limit=options.limit, seed=options.seed, images=False, by_place=True
            )
            rows = manifest_rows(maps, manifest.ids, manifest=manifest.name)
        if rows is not None:
            manifest = manifest.take(rows)
        # A rule about the method that made the maps is about these maps.
        own = [
            rule.model_copy(update={"method": METHOD}) if rule.method == maps.name else rule for rule in config.gates
        ]
        config = config.model_copy(update={"gates": own})
    report = audit_maps(
        MapFiles(maps=maps, baseline=baseline_maps, boxes=read_boxes(boxes), masks=masks),
        manifest=manifest,
        audit=config.audit if config else AuditConfig.model_validate(asked.extra.get("audit", {})),
        gates=config.gates if config else [],
        options=options,
        discover=discover,
    )
    return show([Outcome(name=maps.stem, folder=options.output, report=report)], request=request)


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
