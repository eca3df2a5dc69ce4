"""Every public function of the fairness measures has a docstring with an example, and its module a test twin."""

import importlib
import inspect
from pathlib import Path

import pytest

ROOMS = {
    "measures.clusters": "effective linearised partition",
    "measures.counts": "association confusion disparities paper_measures rates sensitivity theory",
    "measures.intervals": "bootstrap mcnemar multiple permutation power proportion simultaneous",
    "measures.scores": "calibration ranking sampled_scores score_histogram scored thresholds",
    "tables.changes": "counts",
    "tables.fairness": "scores soft table theory within",
}
MODULES = tuple(f"{room}.{name}" for room, names in ROOMS.items() for name in names.split())


def functions(name):
    module = importlib.import_module(f"fairaudit.{name}")
    found = inspect.getmembers(module, inspect.isfunction)
    return {n: f for n, f in found if f.__module__ == module.__name__ and not n.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_have_examples(name):
    lacking = [
        n
        for n, function in functions(name).items()
        if ">>> " not in (function.__doc__ or "") and not n.endswith("_rows")
    ]
    assert functions(name)
    assert lacking == []


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_say_what_they_take(name):
    lacking = []
    for n, function in functions(name).items():
        parameters, text = inspect.signature(function).parameters, function.__doc__ or ""
        if len(parameters) > 2 and "Args:" not in text and "arguments as" not in text and "See `" not in text:
            lacking.append(n)
    assert lacking == []


def test_every_module_of_measures_and_tables_has_a_twin():
    root = Path(__file__).parents[2]
    shared = {"rows", "nulls", "scored", "groups", "disparities", "specs"}  # tested through the tables they belong to
    for room in ("measures", "tables"):
        modules = {path.relative_to(root / "fairaudit") for path in (root / "fairaudit" / room).rglob("*.py")}
        lacking = [
            path
            for path in sorted(modules)
            if path.stem not in shared | {"__init__"}
            and path.parent.name != "entries"  # texts, which tests/tables/test_metrics.py reads
            and not (root / "tests" / path.parent / f"test_{path.stem}.py").is_file()
        ]
        assert lacking == [], room
