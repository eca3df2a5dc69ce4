"""The map of files in every folder's README is what lies in the folder, in the words of the files' first lines.

After adding or removing a file: python tests/test_readmes.py
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADING = "## Files"
READMES = sorted((ROOT / "fairaudit").rglob("README.md"))


def first_line(path):
    """The first line of a module's docstring, as Markdown."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.split("\n")[0].replace("|", "\\|").replace("<", "\\<")


def files(folder):
    """The map: modules of the folder and rooms in it, each with its first line."""
    rooms = sorted(path.parent for path in folder.glob("*/__init__.py"))
    modules = sorted(path for path in folder.glob("*.py") if path.stem != "__init__")
    lines = ["| file | what it holds |", "| --- | --- |"]
    lines += [f"| `{room.name}/` | {first_line(room / '__init__.py')} |" for room in rooms]
    lines += [f"| `{path.name}` | {first_line(path)} |" for path in modules]
    return "\n".join(lines)


def mapped(readme):
    """The README with the map of its folder as the last section."""
    text = readme.read_text(encoding="utf-8").split(f"\n{HEADING}\n")[0].rstrip("\n")
    return f"{text}\n\n{HEADING}\n\n{files(readme.parent)}\n"


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_map_of_files_is_current(readme):
    assert readme.read_text(encoding="utf-8") == mapped(readme), "run: python tests/test_readmes.py"


def test_the_top_level_readme_is_a_first_screen():
    assert len((ROOT / "README.md").read_bytes()) <= 10_240


def test_links_between_readmes_lead_somewhere():
    import re

    for readme in [
        ROOT / "README.md",
        *READMES,
        ROOT / "tests/benchmarks/README.md",
        ROOT / "example_configs/README.md",
    ]:
        for target in re.findall(r"\]\(([^)#:]+)\)", readme.read_text(encoding="utf-8")):
            assert (readme.parent / target).exists(), f"{readme}: {target}"


if __name__ == "__main__":
    for each in READMES:
        each.write_text(mapped(each), encoding="utf-8")
