"""Region metrics of relevance maps from any other tool: no model, no images."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.assemble import cells
from fairaudit.audits.groups import all_groupings
from fairaudit.audits.metrics import REGIONS, applicable
from fairaudit.audits.regions_read import Rows, labels, refuse_empty, tables
from fairaudit.audits.write import write_report_folder
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig, GateRule
from fairaudit.data.manifest import Manifest
from fairaudit.errors import DataError, RegionError, UsageError
from fairaudit.gate.judge import judge
from fairaudit.measures.control_regions import control_regions
from fairaudit.measures.rddt_table import rddt_measurements
from fairaudit.measures.region_change import region_change
from fairaudit.measures.region_metrics import score_regions
from fairaudit.measures.region_spec import Question
from fairaudit.measures.signed_share import signed_share
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement
from fairaudit.results.provenance import file_sha256, library_versions
from fairaudit.results.report import Data, Report, Run

CONTROLS = 4
METHOD = "maps"
"""The method's name in the report, since it is not known how the maps were made."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFiles:
    """Where the maps and what they are compared with come from."""

    maps: Path
    """.npy, [image, row, column]."""
    baseline: Path | None = None
    """The baseline model's maps of the same images."""
    boxes: Mapping[str, Sequence[float]]
    """Region → x0, y0, x1, y1 in pixels of the maps, end-exclusive."""


def audit_maps(
    files: MapFiles, *, manifest: Manifest | None, audit: AuditConfig, gates: Sequence[GateRule], options: RunOptions
) -> Report:
    """Measure the regions of ready-made maps and write the report folder.

    Args:
        files: maps and boxes.
        manifest: a row per map, in order, for groups and targets; None for figures over all maps only.
        audit: convention, level and replicates.
        gates: rules to judge.
        options: where to write.

    Raises:
        DataError: a file holds no such maps, or another number of them than the manifest has rows.
        RegionError: a box does not lie in the maps.
        UsageError: no box is given.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    if not files.boxes:
        raise UsageError("No region is given for the maps", wanted="--region-box NAME=x0,y0,x1,y1 at least once")
    rules, notes = applicable(gates, REGIONS)
    maps = read_maps(files.maps)
    baseline = None if files.baseline is None else _same_shape(read_maps(files.baseline), maps, files.baseline)
    if manifest is not None and len(manifest) != len(maps):
        raise DataError(
            "The manifest does not have one row per map",
            wanted=f"{len(maps)} rows",
            found=f"{len(manifest)}",
            where=manifest.name,
        )
    rows = _rows(manifest, audit)
    found: list[Measurement] = []
    for region, box in files.boxes.items():
        mask = box_mask(region, box, maps.shape[1], maps.shape[2])
        refuse_empty(region, np.array([mask.mean()]))
        found += _region(region, mask, maps, baseline, rows, files, audit, options.seed)
    report = Report(
        run=Run(
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - clock, 3),
            command=list(options.command),
            device="cpu",
            resumed_chunks=0,
            versions=library_versions(),
        ),
        data=_data(files, manifest, maps, rows, audit, options.seed),
        models=[],
        measurements=found,
        verdicts=[],
        gate=judge(rules, found, max_excluded=options.max_excluded, fail_on=options.fail_on),
        excluded=[],
        notes=[f"Relevance shares use the {audit.convention} convention.", *notes],
        figures=[],
    )
    write_report_folder(report, options.output, options.formats)
    return report


def read_maps(path: Path) -> Floats:
    """Relevance maps of a .npy file, without unpickling anything.

    Raises:
        DataError: it cannot be read, is no floating array [image, row, column], or holds NaN or infinity.
    """
    try:
        maps = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(
            "The maps cannot be read",
            wanted="a .npy file with numbers [image, row, column]",
            found=str(error).splitlines()[0],
            where=str(path),
        ) from error
    if not isinstance(maps, np.ndarray) or maps.ndim != 3 or not np.issubdtype(maps.dtype, np.number) or not maps.size:
        shape = getattr(maps, "shape", "an archive")
        raise DataError(
            "The file holds no maps", wanted="numbers [image, row, column]", found=f"{shape}", where=str(path)
        )
    if not np.isfinite(maps).all():
        raise DataError("The maps hold NaN or infinity", where=str(path))
    return maps.astype(np.float64)


def box_mask(region: str, box: Sequence[float], height: int, width: int) -> NDArray[np.bool_]:
    """Pixels [row, column] of a box x0, y0, x1, y1 in pixels, end-exclusive: those whose centre is inside.

    Raises:
        RegionError: the box has no area or leaves the maps.

    >>> box_mask("tie", (1, 0, 3, 1), height=2, width=3).astype(int).tolist()
    [[0, 1, 1], [0, 0, 0]]
    """
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise RegionError(
            f'The region "{region}" does not lie in the maps',
            wanted=f"0 <= x0 < x1 <= {width} and 0 <= y0 < y1 <= {height}, in pixels of the maps",
            found=f"{x0:g}, {y0:g}, {x1:g}, {y1:g}",
            where="--region-box",
        )
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    return ((rows >= y0) & (rows < y1))[:, None] & ((columns >= x0) & (columns < x1))[None, :]


def _region(
    region: str,
    mask: NDArray[np.bool_],
    maps: Floats,
    baseline: Floats | None,
    rows: Rows,
    files: MapFiles,
    audit: AuditConfig,
    seed: int,
) -> list[Measurement]:
    asked = Question(
        region=region,
        method=METHOD,
        level=audit.level,
        replicates=audit.replicates,
        seed=seed,
        min_cell=audit.min_cell,
        extra={"convention": audit.convention},
    )
    columns = score_regions(maps, mask, convention=audit.convention).columns()
    columns["signed_share"] = signed_share(maps, np.broadcast_to(mask, maps.shape))
    found = list(tables(columns, asked, rows, controls=_control_means(maps, mask, audit, seed)))
    if baseline is not None and files.baseline is not None:
        change = region_change(baseline, maps, mask)
        against = Question(
            region=region, method=METHOD, baseline=files.baseline.stem, level=audit.level, seed=seed,
            replicates=audit.replicates, min_cell=audit.min_cell,
        )  # fmt: skip
        found += tables({"adr": change.adr, "dif": change.dif}, against, rows)
        found += rddt_measurements(change.adr, against, target=rows.target)
    return found


def _control_means(maps: Floats, mask: NDArray[np.bool_], audit: AuditConfig, seed: int) -> dict[str, Floats]:
    masks = np.broadcast_to(mask, maps.shape)
    controls = control_regions(masks, keys=range(len(maps)), seed=seed, count=CONTROLS)
    each = [score_regions(maps, controls.masks[:, c], convention=audit.convention).columns() for c in range(CONTROLS)]
    there = controls.defined().T
    means = {}
    for name in ("rrf", "rrf_lift"):
        values = np.where(there, np.stack([scores[name] for scores in each]), np.nan)
        means[name] = ratio(np.nansum(values, axis=0), (~np.isnan(values)).sum(axis=0))
    return means


def _rows(manifest: Manifest | None, audit: AuditConfig) -> Rows:
    if manifest is None:
        return Rows(target=None, groups=[], clusters=None)
    wanted = audit.attribute if audit.attribute is not None else list(manifest.attributes)
    names = [wanted] if isinstance(wanted, str) else wanted
    groups = all_groupings([manifest.attributes[name] for name in names], intersections=audit.intersections)
    clusters = None if manifest.cluster is None else manifest.cluster.codes.astype(np.int64)
    target = None if manifest.target is None else labels(manifest.target)
    return Rows(target=target, groups=[labels(group) for group in groups], clusters=clusters)


def _same_shape(maps: Floats, others: Floats, path: Path) -> Floats:
    if maps.shape != others.shape:
        raise DataError(
            "The baseline's maps have another shape",
            wanted=f"{list(others.shape)}",
            found=f"{list(maps.shape)}",
            where=str(path),
            advice="Both files need the same images in the same order.",
        )
    return maps


def _data(files: MapFiles, manifest: Manifest | None, maps: Floats, rows: Rows, audit: AuditConfig, seed: int) -> Data:
    target = None if manifest is None else manifest.target
    attributes = {} if manifest is None else {g.name: manifest.attributes.get(g.name) for g in rows.groups}
    known = {name: column for name, column in attributes.items() if column is not None}
    return Data(
        name=files.maps.name,
        digest=file_sha256(files.maps),
        rows=len(maps),
        scored=len(maps),
        target="" if rows.target is None else rows.target.name,
        classes=[] if rows.target is None else list(rows.target.values),
        attributes={name: list(column.values) for name, column in known.items()},
        unknown={name: int((column.codes < 0).sum()) for name, column in known.items()},
        cells={name: cells(column, target, audit.min_cell) for name, column in known.items() if target is not None},
        regions={name: {"given as": "box in map pixels"} for name in files.boxes},
        seed=seed,
    )
