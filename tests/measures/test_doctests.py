"""Every public function of the fairness measures has a docstring with an example, and its module a test twin."""

import importlib
import inspect
from pathlib import Path

import pytest

MODULES = (
    "association", "bootstrap", "calibration", "clusters", "confusion", "disparities", "effective", "fairness_table",
    "intervals", "linearised", "mcnemar", "multiple", "paired_table", "paper_measures", "permutation", "power",
    "ranking", "rates", "sampled_scores", "score_histogram", "score_ratio", "score_table", "scored", "sensitivity",
    "simultaneous", "soft_rows", "theory", "theory_table", "thresholds", "within",
)  # fmt: skip


def functions(name):
    module = importlib.import_module(f"fairaudit.measures.{name}")
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


def test_every_module_of_measures_has_a_twin():
    root = Path(__file__).parents[2]
    shared = {"rows", "nulls", "scored", "group_rows", "disparity_rows", "region_spec", "scored_rows"}
    modules = {path.stem for path in (root / "fairaudit/measures").glob("*.py")} - {"__init__"} - shared
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert sorted(modules - tested) == []
