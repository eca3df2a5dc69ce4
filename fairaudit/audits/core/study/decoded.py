"""Images decoded once for all models of a run: where their pixels are kept, how long, and when they go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairaudit.engine.seal import secret
from fairaudit.results.provenance import library_versions

if TYPE_CHECKING:
    from fairaudit.audits.core.study.study import Material

PREFIX: Final = "pixels-"
"""Names of the files."""


@contextmanager
def decoded_once(material: Material, folder: Path, *, limit: int, keep: bool = False) -> Iterator[None]:
    """While the context is open, rows are decoded and preprocessed once and then read from a file.

    The file goes when all is done, since it holds pictures; after a kill it is there for the same command. Files of
    other data or settings go at once.

    Args:
        material: the data, whose loader is given the file.
        folder: the run's working folder.
        limit: largest size of the file in bytes; 0 keeps nothing.
        keep: leave the file to others that still need it.
    """
    from fairaudit.data.row_cache import RowCache, forget, room

    if limit <= 0:
        yield
        return
    loader = material.loader
    size = loader.input_size()
    facts = f"{material.digest}/{size}/{sorted(library_versions().items())}"
    label = hashlib.sha256(facts.encode()).hexdigest()
    path = folder / f"{PREFIX}{label[:16]}"
    for other in folder.glob(f"{PREFIX}*"):
        if not other.name.startswith(path.name):
            forget(other)
    cache = RowCache(
        path,
        label=label,
        shape=(loader.preprocess.channels, *size),
        masks=loader.region_names,
        rows=len(material.manifest),
        limit=room(folder, limit),
        secret=secret(),
    )
    loader.cache = cache
    try:
        yield
    except BaseException:
        cache.close()
        raise
    finally:
        loader.cache = None
    cache.close()
    if not keep:
        forget(path)
