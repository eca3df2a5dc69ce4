"""Imports go down only, and what must start fast loads no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fairaudit

PACKAGE = Path(fairaudit.__file__).parent
LEVELS = (
    ("cli",),
    ("audits",),
    ("demo", "gate", "report"),
    ("verdict",),
    ("mitigation",),
    ("pruning",),
    ("saliency", "interventions", "counterfactuals", "generators"),
    ("models",),
    ("data",),
    ("engine",),
    ("tables",),
    ("measures",),
    ("results", "config"),
    ("registry", "files"),
    ("limits",),
    ("errors", "seeds", "ratio", "version"),
)
RANK = {name: level for level, names in enumerate(LEVELS) for name in names}
NO_TORCH = (
    "gate",
    "report",
    "results",
    "config",
    "measures",
    "tables",
    "verdict",
    "errors",
    "seeds",
    "ratio",
    "registry",
    "limits",
    "files",
)
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in RANK)


def imported(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    own = part_of(path)
    assert own in RANK, f"{own} has no level: add it to the table above"
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "fairaudit" and len(parts) > 1 and parts[1] in RANK and parts[1] != own:
            assert RANK[parts[1]] > RANK[own], f"{own} must not import {name}"


@pytest.mark.parametrize("part", NO_TORCH)
def test_packages_without_torch(part):
    paths = [path for path in MODULES if part_of(path) == part]
    assert paths
    for path in paths:
        assert not [name for name in imported(path) if name.split(".")[0] in ("torch", "torchvision")], path


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['fairaudit', *{arguments!r}]\n"
        "try:\n    runpy.run_module('fairaudit', run_name='__main__')\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        # Not pydantic itself: Typer's own parser loads it for the --help of a command.
        "heavy = {'torch', 'numpy', 'scipy', 'matplotlib', 'fairaudit.config.schema'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
