"""Region metrics of relevance maps from any other tool: no model, no images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.report.assemble import Clock, report_of, run_block
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.write import write_report_folder
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.core.study.alignment import alignment
from fairaudit.audits.core.study.cells import cells
from fairaudit.audits.core.study.groups import all_groupings
from fairaudit.audits.core.study.rows import Rows, aligned_rows, labels
from fairaudit.audits.core.study.statistics import statistics_of
from fairaudit.audits.core.study.tabled import tables
from fairaudit.audits.discovery.read import Grids, read_discovery
from fairaudit.audits.regions.compared import compared_rows
from fairaudit.audits.regions.map_files import box_mask, digest_of, fitting_masks, read_maps
from fairaudit.audits.regions.read import cue, refuse_empty
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig, GateRule
from fairaudit.counted import counted
from fairaudit.data.manifest import Manifest
from fairaudit.errors import DataError, UsageError
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.regions.columns import change_columns, region_columns
from fairaudit.measures.regions.control_regions import control_regions
from fairaudit.measures.regions.weights import even
from fairaudit.measures.regions.windows import grid_shares
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Data, Excluded, Figure, Report
from fairaudit.tables.specs import ImageSpec

CONTROLS = 4
METHOD = "maps"
"""The method's name in the report, since it is not known how the maps were made."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFiles:
    """Where the maps and what they are compared with come from."""

    maps: Path
    """.npy, [image, row, column], or a folder of such shards."""
    baseline: Path | None = None
    """The baseline model's maps of the same images."""
    boxes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Region → x0, y0, x1, y1 in pixels of the maps, end-exclusive."""
    masks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Region → pixels inside, [image, row, column]."""


def audit_maps(
    files: MapFiles,
    *,
    manifest: Manifest | None,
    audit: AuditConfig,
    gates: Sequence[GateRule],
    options: RunOptions,
    discover: bool = False,
    notes: Sequence[str] = (),
) -> Report:
    """Measure the regions of ready-made maps and write the report folder.

    Args:
        files: maps and regions.
        manifest: a row per map, in order, for groups and targets; None for figures over all maps only.
        audit: convention, level and replicates.
        gates: rules to judge.
        options: where to write.
        discover: search for windows where groups differ.
        notes: what else the reader has to know.

    Raises:
        DataError: a file holds no such maps, or another number of them than the manifest has rows.
        RegionError: a region does not lie in the maps.
        UsageError: no region is given, and none is searched for.
    """
    clock = Clock.start()
    if not (files.boxes or files.masks or discover):
        raise UsageError(
            "No region is given for the maps",
            wanted="--region-box NAME=x0,y0,x1,y1, --roi NAME of fairaudit.yaml, or --discover",
        )
    check_gates(gates)
    opened = _opened(files, manifest)
    rows = _rows(opened.manifest, audit)
    found: list[Measurement] = []
    for region, mask in opened.masks.items():
        refuse_empty(region, mask.reshape(-1, *opened.maps.shape[1:]).mean(axis=(1, 2)))
        found += _region(region, mask, opened, rows, files, audit, options.seed)
    searched = read_discovery({METHOD: _grids(opened.maps)}, rows, seed=options.seed) if discover else Findings()
    found += searched.measurements
    report = report_of(
        gates,
        found,
        options=options,
        run=run_block(options, clock),
        data=_data(files, opened, rows, audit, options.seed),
        excluded=opened.excluded,
        notes=[f"Relevance shares use the {audit.convention} convention.", *_even(opened), *searched.notes, *notes],
        figures=_figures(searched, options),
    )
    write_report_folder(report, options.output, options.formats)
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """Maps, masks and rows that are measured, and the rows that are not."""

    maps: Floats
    baseline: Floats | None
    masks: Mapping[str, NDArray[np.bool_]]
    manifest: Manifest | None
    excluded: Sequence[Excluded]


def _opened(files: MapFiles, manifest: Manifest | None) -> _Opened:
    maps = read_maps(files.maps)
    baseline = None if files.baseline is None else _same_shape(read_maps(files.baseline), maps, files.baseline)
    if manifest is not None and len(manifest) != len(maps):
        raise DataError(
            "The manifest does not have one row per map",
            wanted=counted(len(maps), "row"),
            found=f"{len(manifest)}",
            where=manifest.name,
        )
    masks = {name: box_mask(name, box, *maps.shape[1:]) for name, box in files.boxes.items()}
    masks |= {name: fitting_masks(name, mask, maps) for name, mask in files.masks.items()}
    excluded = _excluded(manifest)
    if manifest is not None and excluded:
        kept = np.setdiff1d(np.arange(len(maps)), [row.row for row in excluded])
        masks = {
            name: mask[kept] if len(mask) == len(maps) and mask.ndim == 3 else mask for name, mask in masks.items()
        }
        manifest, maps = manifest.take(kept), maps[kept]
        baseline = None if baseline is None else baseline[kept]
    return _Opened(maps=maps, baseline=baseline, masks=masks, manifest=manifest, excluded=excluded)


def _region(
    region: str,
    mask: NDArray[np.bool_],
    opened: _Opened,
    rows: Rows,
    files: MapFiles,
    audit: AuditConfig,
    seed: int,
) -> list[Measurement]:
    asked = ImageSpec(
        region=region,
        method=METHOD,
        statistics=statistics_of(audit, seed=seed),
        extra={"convention": audit.convention},
    )
    maps, baseline = opened.maps, opened.baseline
    ids = None if opened.manifest is None else opened.manifest.ids
    controls = _controls(mask, maps.shape, ids, seed)
    columns = region_columns(maps, mask, controls, convention=audit.convention)
    chance = {name: columns.pop(f"control_{name}") for name in ("rrf", "rrf_lift")}
    rest = columns.pop("signed_rest")
    found = list(tables(columns, asked, rows, controls=chance))
    found += [cue(audit, columns["signed_share"], rest, asked, rows, group) for group in rows.groups]
    if baseline is not None and files.baseline is not None:
        against = replace(asked, baseline=files.baseline.stem, extra={})
        theirs = region_columns(baseline, mask, controls, convention=audit.convention)
        found += compared_rows(change_columns(baseline, maps, mask), columns, theirs, against, rows)
    return found


def _even(opened: _Opened) -> list[str]:
    """A note about maps that say nothing of any place."""
    made = []
    for whose, maps in (("", opened.maps), ("the baseline's ", opened.baseline)):
        count = 0 if maps is None else int(even(maps.reshape(len(maps), -1)).sum())
        if maps is not None and count:
            made.append(
                f"{count:,} of {whose}{counted(len(maps), 'map')} are constant, so their numbers are undefined."
            )
    return made


def _controls(
    mask: NDArray[np.bool_], shape: tuple[int, ...], ids: Sequence[str] | None, seed: int
) -> NDArray[np.bool_]:
    """Control regions by manifest row, as the audit of the model that made the maps draws them."""
    keys: Sequence[str | int] = range(shape[0]) if ids is None else ids
    found = control_regions(np.broadcast_to(mask, shape), keys=keys, seed=seed, count=CONTROLS)
    return np.asarray(found.masks, np.bool_)


def _grids(maps: Floats) -> Grids:
    shares = (np.asarray(grid_shares(maps, kind=kind), np.float64) for kind in ("positive", "signed"))
    positive, signed = shares
    return Grids(positive=positive, signed=signed)


def _figures(findings: Findings, options: RunOptions) -> list[Figure]:
    if not findings.drawings:
        return []
    from fairaudit.audits.core.report.drawn import drawn

    return drawn(findings.drawings, options.output, wanted=options.figures)


def _rows(manifest: Manifest | None, audit: AuditConfig) -> Rows:
    if manifest is None:
        return Rows(target=None, groups=[], clusters=None, aligned=[])
    wanted = audit.attribute if audit.attribute is not None else list(manifest.attributes)
    names = [wanted] if isinstance(wanted, str) else wanted
    groups = all_groupings([manifest.attributes[name] for name in names], intersections=audit.intersections)
    clusters = None if manifest.cluster is None else partition(manifest.cluster.codes)
    known = manifest.target
    told = {"aligned": audit.aligned, "training": manifest.training}
    return Rows(
        target=None if known is None else labels(known),
        groups=[labels(group) for group in groups],
        clusters=clusters,
        aligned=[
            None if known is None else aligned_rows(known, group, alignment(group, known, **told))  # type: ignore[arg-type]
            for group in groups
        ],
    )


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


def _excluded(manifest: Manifest | None) -> list[Excluded]:
    """Rows whose target is not known, as an audit with the model leaves them out.

    Raises:
        DataError: no row has a known target.
    """
    if manifest is None or manifest.target is None:
        return []
    lost = np.flatnonzero(manifest.target.codes < 0).tolist()
    if lost and len(lost) == len(manifest):
        raise DataError(
            "Not one map has a known target", found=f"{counted(len(lost), 'row')} without", where=manifest.name
        )
    reason = f'The target "{manifest.target.name}" is unknown.'
    return [Excluded(row=row, id=manifest.ids[row], reason=reason) for row in lost]


def _data(files: MapFiles, opened: _Opened, rows: Rows, audit: AuditConfig, seed: int) -> Data:
    manifest, scored = opened.manifest, len(opened.maps)
    target = None if manifest is None else manifest.target
    attributes = {} if manifest is None else {g.name: manifest.attributes.get(g.name) for g in rows.groups}
    known = {name: column for name, column in attributes.items() if column is not None}
    return Data(
        name=files.maps.name,
        digest=digest_of(files.maps),
        rows=scored + len(opened.excluded),
        scored=scored,
        target="" if rows.target is None else rows.target.name,
        classes=[] if rows.target is None else list(rows.target.values),
        attributes={name: list(column.values) for name, column in known.items()},
        unknown={name: int((column.codes < 0).sum()) for name, column in known.items()},
        cells={name: cells(column, target, audit.min_cell) for name, column in known.items() if target is not None},
        regions={
            **{name: {"given as": "box in map pixels"} for name in files.boxes},
            **{name: {"given as": "region of the configuration"} for name in files.masks},
        },
        seed=seed,
    )
