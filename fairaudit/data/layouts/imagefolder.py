"""Class folders: root/class/image or root/split/class/image, with an optional metadata.csv for attributes by file."""

from __future__ import annotations

from pathlib import Path

from fairaudit.counted import counted
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
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not _junk(path.name))
    named = [path.name for path in folders if path.name.lower() in _SPLITS]
    splits = bool(folders) and len(named) == len(folders)
    if named and not splits and _nested(root, named):
        others = [path.name for path in folders if path.name not in named]
        raise DataError(
            "Some folders have names of splits and some do not, so it is not clear which are classes",
            wanted="root/class/image or root/split/class/image",
            found=f"{', '.join(named)} beside {', '.join(others[:5])}",
            where=str(root),
            advice="Move the other folders away, or name the folder of one split.",
        )
    depth = 3 if splits else 2
    paths = [path.relative_to(root) for path in image_files(root)]
    files = [path for path in paths if not any(_junk(part) for part in path.parts)]
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
    notes = (
        [f"{counted(len(files) - len(used), 'image')} outside class folders not used"] if len(used) < len(files) else []
    )
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


def _junk(name: str) -> bool:
    """Whether a folder or file is what systems leave behind, such as __MACOSX and hidden ones."""
    return name.startswith((".", "__MACOSX"))


def _nested(root: Path, names: list[str]) -> bool:
    return any(path.is_dir() for name in names for path in (root / name).iterdir())


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
        notes.append(f"{counted(len(present - listed), 'image')} not in metadata.csv, with unknown attributes")
    if listed - present:
        notes.append(f"{counted(len(listed - present), 'row')} of metadata.csv not used, of no image in a class folder")
    return joined(table, key, files), notes
