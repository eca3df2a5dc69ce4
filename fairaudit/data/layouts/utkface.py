"""UTKFace: everything is in the file names, [age]_[gender]_[race]_[date and time].jpg.

gender and race keep the data set's codes (0 male, 1 female; 0 to 4); gender_name and race_name are their names. A few
published files lack a part of the name: what cannot be read is unknown.
"""

from __future__ import annotations

from pathlib import Path

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import decade, image_files
from fairaudit.data.tables import Table
from fairaudit.errors import DataError

GENDERS = ("male", "female")
RACES = ("white", "black", "asian", "indian", "other")


def read_utkface(root: Path) -> Dataset:
    """Images named by age, gender and race, anywhere below the folder; the target is gender.

    Raises:
        DataError: no image has such a name.
    """
    files = [path.relative_to(root) for path in image_files(root)]
    parts = [_parts(path.name) for path in files]
    odd = sum(not all(part) for part in parts)
    if odd == len(files):
        raise DataError(
            "The folder has no images with UTKFace names",
            wanted="[age]_[gender]_[race]_[date].jpg",
            found=f'"{files[0].name}"' if files else "no images",
            where=str(root),
        )
    names = [path.as_posix() for path in files]
    columns = {
        "file": names,
        "age": [age for age, _, _ in parts],
        "age_group": [decade(age) for age, _, _ in parts],
        "age_third": [third(age) for age, _, _ in parts],
        "gender": [gender for _, gender, _ in parts],
        "gender_name": [GENDERS[int(gender)] if gender else "" for _, gender, _ in parts],
        "race": [race for _, _, race in parts],
        "race_name": [RACES[int(race)] if race else "" for _, _, race in parts],
    }
    return Dataset(
        name=root.name,
        table=Table(file=root.name, columns=columns, places=[f'file "{name}"' for name in names]),
        folder=root,
        image="file",
        target="gender",
        attributes=("race_name",),
        notes=(f"{odd} file names lack age, gender or race; what is missing is unknown",) if odd else (),
    )


def third(years: str) -> str:
    """The age group that counterfactual interpolation augmentation sorts by, "" without an age.

    >>> third("30"), third("31"), third("61"), third("")
    ('up to 30', '31-60', 'above 60', '')
    """
    if not years:
        return ""
    return "up to 30" if int(years) <= 30 else "31-60" if int(years) <= 60 else "above 60"


def _parts(name: str) -> tuple[str, str, str]:
    """Age, gender and race as texts, "" where the name does not hold them.

    >>> _parts("26_1_2_20170116171048641.jpg.chip.jpg"), _parts("61_1_20170109142408075.jpg")
    (('26', '1', '2'), ('61', '1', ''))
    """
    words = name.split(".")[0].split("_")
    age, gender, race = [*words, "", "", ""][:3]
    return (
        age if age.isdigit() and len(age) <= 3 else "",
        gender if gender in ("0", "1") else "",
        race if race in ("0", "1", "2", "3", "4") else "",
    )
