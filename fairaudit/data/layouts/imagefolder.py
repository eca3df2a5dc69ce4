"""Class folders: root/class/image or root/split/class/image, with an optional metadata.csv for attributes by file."""

from __future__ import annotations

from pathlib import Path

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import image_files, joined
from fairaudit.data.tables import Table, read_csv
from fairaudit.errors import DataError

_SPLITS = frozenset(("train", "val", "valid", "validation", "test", "dev"))
_FILE_COLUMNS = ("file", "file_name", "filename", "path", "image")


def read_imagefolder(root: Path) -> Dataset:
    """Class folders; the target is "class", in the order that torchvision's ImageFolder gives the classes.

    Folder names are sorted as text: 1, 10, 11, 12, 2 …

    Raises:
        DataError: there are no images in class folders, or metadata.csv names no files.
    """
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not _is_junk(path.name))
    splits = bool(folders) and all(path.name.lower() in _SPLITS for path in folders)
    depth = 3 if splits else 2
    files = [path.relative_to(root) for path in image_files(root)]
    files = [path for path in files if not _is_junk(path.parts[0])]
    used = [path for path in files if len(path.parts) >= depth]
    if not used:
        raise DataError(
            "The folder has no images in class folders",
            wanted="root/class/image or root/split/class/image",
            found=f"{len(files)} images in {len(folders)} folders",
            where=str(root),
        )
    columns = {
        "file": [path.as_posix() for path in used],
        "class": [path.parts[depth - 2] for path in used],
    }
    if splits:
        columns["split"] = [path.parts[0] for path in used]
    notes = [f"{len(files) - len(used)} images outside class folders are not used"] if len(used) < len(files) else []
    extra, more = _metadata(root, columns["file"])
    return Dataset(
        name=root.name,
        table=Table(
            file=root.name, columns={**extra, **columns}, places=[f'file "{text}"' for text in columns["file"]]
        ),
        folder=root,
        image="file",
        target="class",
        classes=tuple(sorted(set(columns["class"]))),
        notes=(*notes, *more),
    )


def _is_junk(name: str) -> bool:
    """Whether a folder comes from an archive program or is hidden."""
    return name.startswith(".") or name == "__MACOSX"


def _metadata(root: Path, files: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    path = root / "metadata.csv"
    if not path.is_file():
        return {}, []
    table = read_csv(path)
    key = next((name for name in _FILE_COLUMNS if name in table.columns), None)
    if key is None:
        raise DataError(
            "The metadata has no column with the file",
            wanted=", ".join(_FILE_COLUMNS),
            found=", ".join(table.columns),
            where=path.name,
        )
    listed, present = set(table.columns[key]), set(files)
    notes = []
    if present - listed:
        notes.append(f"{len(present - listed)} images are not in metadata.csv; their attributes are unknown")
    if listed - present:
        notes.append(f"{len(listed - present)} rows of metadata.csv name no image in a class folder and are not used")
    return joined(table, key, files), notes
