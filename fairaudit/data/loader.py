"""Rows to batches: decode in threads, preprocess, draw regions; the same bits whatever the number of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fairaudit.config.schema import PreprocessConfig, RegionConfig
from fairaudit.data.batch import Batch
from fairaudit.data.geometry import plan
from fairaudit.data.manifest import Manifest
from fairaudit.data.preprocess import to_float, transform_image
from fairaudit.data.regions import Mask, RegionDrawer, mask_path
from fairaudit.data.row_cache import CachedRow, RowCache
from fairaudit.errors import DataError, ImageError

SPAN = 16
"""Rows that a thread decodes in one go at most: handing over a small image takes longer than decoding it."""
SMALL = 96 * 96
"""Pixels of an original image up to which threads cost more than they save: Python holds them up for that long."""
SPANS = 4
"""Goes of every thread at least, where there are rows enough, so that none waits long for another at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row: pixels and masks, or the reason why not."""

    row: int
    pixels: Tensor | None = None
    masks: Mapping[str, Mask] | None = None
    note: str = ""
    reason: str = ""


class Loader:
    """Loads rows of a manifest.

    Memory is bounded by the rows of one call at the model's input size, plus one original image per thread.

    Args:
        manifest: the rows.
        preprocess: from image to input.
        regions: regions to draw.
        workers: decoding threads; 0 decodes in the calling thread, as small images always are (`SMALL`).

    Raises:
        ConfigError: regions name missing regions or each other.
        RegionError: a region asks for a mask that the images do not come with.
    """

    def __init__(
        self, manifest: Manifest, preprocess: PreprocessConfig, regions: Mapping[str, RegionConfig], workers: int = 0
    ) -> None:
        if workers < 0:
            raise ValueError(f"workers must be at least 0, not {workers}")
        self.manifest = manifest
        self.preprocess = preprocess
        self.regions = dict(regions)
        self.workers = workers
        self.cache: RowCache | None = None
        """Where rows are kept that were decoded once; none where every call decodes."""
        self._drawer = RegionDrawer(self.regions, manifest)
        self._size: tuple[int, int] | None = preprocess.size
        self._largest = 0  # pixels of the largest original that was read so far

    @property
    def region_names(self) -> tuple[str, ...]:
        """Regions that are drawn, in order."""
        return tuple(self._drawer.names)

    def load(self, rows: Sequence[int]) -> Batch:
        """The rows as one batch; rows without a target or a readable image are left out, with the reason.

        Raises:
            RegionError: a region cannot be placed on a row's image.
            DataError: sizes differ and no size is configured, or no image can be read at all.
        """
        if any(not 0 <= row < len(self.manifest) for row in rows):
            raise IndexError(f"rows must be in 0..{len(self.manifest) - 1}")
        size = self.input_size()
        loaded = list(self._rows(rows))
        kept = [item for item in loaded if item.pixels is not None]
        for item in kept:
            self._check_size(item, size)
        index = np.asarray([item.row for item in kept], np.int64)
        manifest = self.manifest
        target = manifest.target.codes[index] if manifest.target else np.full(len(kept), -1, np.int32)
        return Batch(
            rows=index,
            ids=tuple(manifest.ids[item.row] for item in kept),
            images=self._images(kept, size),
            target=target,
            attributes={name: column.codes[index] for name, column in manifest.attributes.items()},
            regions={name: _stack(name, kept, size) for name in self._drawer.names},
            excluded=tuple((item.row, item.reason) for item in loaded if item.pixels is None),
            notes=tuple((item.row, item.note) for item in kept if item.note),
        )

    def input_size(self) -> tuple[int, int]:
        """Height and width of the model's input: as configured, or those of the first readable image.

        Raises:
            DataError: no size is configured and no row has a target and a readable image.
        """
        if self._size is None:
            for row in range(len(self.manifest)):
                item = self._row(row)
                if item.pixels is not None:
                    self._size = (int(item.pixels.shape[1]), int(item.pixels.shape[2]))
                    break
            else:
                raise DataError(
                    "None of the rows has a target and a readable image",
                    found=self._row(0).reason if len(self.manifest) else "no rows",
                    where=self.manifest.name,
                )
        return self._size

    def digest(self, fingerprints: Sequence[str] | None = None) -> str:
        """SHA-256 over everything a batch is made from: manifest, image and mask files, preprocessing, regions.

        Args:
            fingerprints: the manifest's, where they were taken already.
        """
        state = hashlib.sha256(self.manifest.digest(fingerprints).encode())
        state.update(self.preprocess.model_dump_json().encode())
        for name, config in sorted(self.regions.items()):
            place = config.model_dump_json(exclude={"forbidden"})  # what the use of a region means changes no pixel
            state.update(f"{name}\n{place}\n".encode())
            for path in self._mask_paths(config):
                state.update(path.encode(errors="surrogatepass"))
                file = self.manifest.folder / path
                state.update(hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"missing")
        return state.hexdigest()

    def _mask_paths(self, config: RegionConfig) -> Iterator[str]:
        if config.mask is None or config.mask.startswith("@"):
            return
        for row in range(len(self.manifest)):
            values = {name: texts[row] for name, texts in self.manifest.text_columns.items()}
            path = mask_path(config.mask, values)
            if path is not None:
                yield path

    def _rows(self, rows: Sequence[int]) -> Iterator[_Row]:
        first = 0
        while first < len(rows) and (self.workers == 0 or self._largest <= SMALL):
            yield self._row(rows[first])
            first += 1
        if first < len(rows):
            yield from self._in_threads(rows[first:])

    def _in_threads(self, rows: Sequence[int]) -> Iterator[_Row]:
        size = max(1, min(SPAN, len(rows) // (SPANS * self.workers)))
        spans = [rows[start : start + size] for start in range(0, len(rows), size)]
        with ThreadPoolExecutor(self.workers, thread_name_prefix="decode") as pool:
            for loaded in pool.map(self._span, spans):
                yield from loaded

    def _span(self, rows: Sequence[int]) -> list[_Row]:
        return [self._row(row) for row in rows]

    def _row(self, row: int) -> _Row:
        target = self.manifest.target
        if target is not None and target.codes[row] < 0:
            return _Row(row=row, reason=f'The target "{target.name}" is unknown.')
        if self.cache is not None and (known := self.cache.get(row)) is not None:
            return _Row(row=row, pixels=known.pixels, masks=known.masks, note=known.note)
        try:
            image = self.manifest.source.read(row)
            self._largest = max(self._largest, image.height * image.width)
            geometry = plan((image.height, image.width), self.preprocess)
            masks = self._drawer.draw(row, geometry)
        except ImageError as error:
            return _Row(row=row, reason=str(error))
        pixels = transform_image(image, geometry, self.preprocess)
        note = str(image.info.get("note", ""))
        if self.cache is not None:
            self.cache.put(row, CachedRow(pixels=pixels, masks=masks, note=note))
        return _Row(row=row, pixels=pixels, masks=masks, note=note)

    def _check_size(self, item: _Row, size: tuple[int, int]) -> None:
        shape = tuple(item.pixels.shape[1:]) if item.pixels is not None else size
        if shape != size:
            raise DataError(
                "Images differ in size, and no size for the model's input is configured",
                found=f'{shape[1]} x {shape[0]} in row "{self.manifest.ids[item.row]}", {size[1]} x {size[0]} before',
                advice="Set preprocess.size to the model's input height and width.",
            )

    def _images(self, kept: Sequence[_Row], size: tuple[int, int]) -> Tensor:
        if not kept:
            return torch.zeros((0, self.preprocess.channels, *size))
        return to_float(torch.stack([item.pixels for item in kept if item.pixels is not None]))


def _stack(name: str, kept: Sequence[_Row], size: tuple[int, int]) -> Tensor:
    masks = [item.masks[name] for item in kept if item.masks is not None]
    return torch.from_numpy(np.stack(masks)) if masks else torch.zeros((0, *size), dtype=torch.bool)
