"""Imports go down only, and what must start fast loads no torch."""

import ast
import functools
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

import fairaudit

PACKAGE = Path(fairaudit.__file__).parent
LEVELS = (
    ("cli", "api"),
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
    ("counted", "errors", "seeds", "ratio", "version"),
)
ROOMS = {
    "audits": (
        ("demo", "selftest", "pruning", "mitigation", "init"),
        ("joint",),
        ("saliency", "flips", "generator", "resample", "swap"),
        ("regions", "alignment", "fairness"),
        ("causal", "discovery", "zoo"),
        ("core",),
    ),
    "audits/core": (("report",), ("stream",), ("study",)),
    "audits/mitigation": (("compared",), ("fits",)),
    "cli": (("launch",), ("options", "terminal")),
    "data": (("layouts", "planted", "synthetic"),),
    "mitigation": (("methods",),),
    "models": (("files",), ("onnx",), ("lift",), ("outputs",)),
    "saliency": (("trust",), ("gradients", "lrp")),
    "tables": (("changes",), ("fairness", "reasons"), ("entries",)),
    "measures": (("regions", "scores", "alignment"), ("images",), ("intervals",), ("clusters",), ("counts",)),
}
"""Package → its rooms, from the top down: a room imports lower ones, and none beside it.

Modules beside the rooms are free to import rooms and to be imported by them: the test for circles holds them.
"""
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
    "counted",
    "registry",
    "limits",
    "files",
)
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in RANK)


LOGIC = (
    ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.Match, ast.BoolOp, ast.Compare, ast.BinOp, ast.AugAssign,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
"""What makes a function more than a hand-over: branches, loops, comparisons, arithmetic, comprehensions."""


class Contents(NamedTuple):
    imports: tuple[str, ...]
    classes: tuple[str, ...]
    logic: bool


@functools.cache
def tree_of(path):
    """A file's syntax tree, parsed once for every test of this file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def contents(path):
    """What the tests here ask of a file, which is parsed once for all of them."""
    imports, classes = [], []
    tree = tree_of(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ClassDef):
            classes.append(node.name)
    return Contents(tuple(imports), tuple(classes), _has_logic(tree))


def _has_logic(tree):
    """Whether a function's body, or a lambda, branches, loops, compares or computes; signatures do not count."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda))
    bodies = (node.body if isinstance(node.body, list) else [node.body] for node in functions)
    return any(isinstance(part, LOGIC) for body in bodies for line in body for part in ast.walk(line))


def imported(path):
    return contents(path).imports


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_imports_go_down_only():
    assert {part_of(path) for path in MODULES} <= set(RANK), "each has a level in the table above"
    wrong = [
        f"{path.relative_to(PACKAGE)} must not import {name}"
        for path in MODULES
        for name in imported(path)
        if not _goes_down(part_of(path), name.split("."))
    ]
    assert wrong == []


def _goes_down(own, parts):
    inside = parts[0] == "fairaudit" and len(parts) > 1 and parts[1] in RANK and parts[1] != own
    return not inside or RANK[parts[1]] > RANK[own]


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_down_only(package):
    rank = {room: level for level, rooms in enumerate(ROOMS[package]) for room in rooms}
    folders = {path.name for path in (PACKAGE / package).iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(rank), f"every room of {package} needs a level: see ROOMS"
    above = ["fairaudit", *package.split("/")]
    for path in (PACKAGE / package).rglob("*.py"):
        own = path.relative_to(PACKAGE / package).parts[0]
        for name in imported(path):
            parts = name.split(".")
            room = parts[len(above)] if parts[: len(above)] == above and len(parts) > len(above) else own
            if {own, room} <= set(rank) and room != own:
                assert rank[room] > rank[own], f"{path.relative_to(PACKAGE)} must not import {name}"


def modules():
    """Module → modules of the package that it imports, wherever in the file."""
    paths = {path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", "."): path
             for path in PACKAGE.rglob("*.py")}  # fmt: skip
    known = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    return {name: {other for other in imported(path) if other in known} - {name} for name, path in known.items()}


def test_there_is_no_circle_of_imports():
    # Packages are no links of a circle: `from fairaudit.models import lift` is about the module.
    graph = {name: {other for other in others if not (PACKAGE.parent / other.replace(".", "/")).is_dir()}
             for name, others in modules().items()}  # fmt: skip
    while True:
        used = set().union(*graph.values())
        free = {name for name, others in graph.items() if name not in used or not others & set(graph)}
        if not free:
            break
        graph = {name: others - free for name, others in graph.items() if name not in free}
    way = sorted(graph)[:1]
    while way and way[-1] not in way[:-1]:
        way.append(min(graph[way[-1]] & set(graph)))
    assert not way, " imports ".join(way[way.index(way[-1]) :])


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


def test_no_two_classes_share_a_name():
    places = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        for name in contents(path).classes:
            places[name].append(str(path.relative_to(PACKAGE)))
    assert not {name: paths for name, paths in places.items() if len(paths) > 1}


TESTED_ELSEWHERE = {
    # A Typer signature that hands its options on.
    "cli/audit.py": "cli/test_without_torch.py",
    "cli/cf_align.py": "cli/test_counterfactual_options.py",
    "cli/cf_rectify.py": "audits/alignment/test_rectify.py",
    "cli/demo.py": "cli/test_readme_runs.py",
    "cli/report.py": "cli/terminal/test_announce.py",
    "cli/shared.py": "cli/test_options.py",
    # What the shell completes: a comprehension with a doctest.
    "cli/options/output.py": "cli/test_options.py",
    "cli/options/relevance.py": "cli/test_options.py",
    "cli/options/run.py": "cli/test_options.py",
    # A worker of a cluster, which is nothing without one.
    "audits/mitigation/errand.py": "cli/test_ray.py",
    "audits/zoo/piece.py": "cli/test_ray.py",
    # Data of the registry of metrics.
    "tables/entries/runs.py": "tables/test_metrics.py",
    # The lazy API and the entry point.
    "__init__.py": "test_api.py",
    "__main__.py": "cli/test_without_torch.py",
}
"""Module with logic and no test of the same path and name → the test that runs it."""


def test_files_with_logic_have_a_test_of_their_own():
    tests, lacking = Path(__file__).parent, set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE)
        twin = tests / name.with_name(f"test_{path.name}")
        if not twin.exists() and contents(path).logic:
            lacking.add(name.as_posix())
    assert sorted(lacking - TESTED_ELSEWHERE.keys()) == [], "without a test of the same path and name"
    assert sorted(TESTED_ELSEWHERE.keys() - lacking) == [], "need not be excepted"
    assert [test for test in TESTED_ELSEWHERE.values() if not (tests / test).is_file()] == []


LONGEST_FILE, LONGEST_BODY = 350, 50


def test_files_and_functions_can_be_read_in_a_sitting():
    """Lines of a file; and of a function's body, without signature, which of a command is its options, or docstring."""
    long_files, long_bodies = [], []
    for path in PACKAGE.rglob("*.py"):
        text, name = path.read_text("utf-8"), path.relative_to(PACKAGE).as_posix()
        if len(text.splitlines()) > LONGEST_FILE:
            long_files.append(name)
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[ast.get_docstring(node) is not None :] or node.body
                if node.end_lineno - body[0].lineno >= LONGEST_BODY:
                    long_bodies.append(f"{name}: {node.name}")
    assert (long_files, long_bodies) == ([], [])


ONE_FILE_EACH = {"cli", "mitigation/methods"}
"""Folders with a file per command, or per method, however many there are."""


def test_folders_can_be_taken_in_at_a_glance():
    """At most 21 modules beside each other."""
    modules = Counter(
        str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"
    )
    assert {folder for folder, number in modules.items() if number > 21} == ONE_FILE_EACH


CALLED_BY_OTHERS = {
    *("poll", "_Popen"),  # multiprocessing
    "model_post_init",
    "pre_forward",
    "post_forward",
    "construct_mapping",
    "invoke",
    "_should_skip_dynamo",
}
"""Methods that multiprocessing, pydantic, zennit, PyYAML, click and torch call."""
PLAIN_DECORATORS = {
    "property",
    "cached_property",
    "staticmethod",
    "classmethod",
    "cache",
    "functools.cache",
    "dataclass",
}
"""What leaves a function or class to its callers; any other decorator hands it to somebody."""
SHIPPED = (PACKAGE, Path(__file__).parents[1] / "example_configs")


READ_BY_TESTS = {
    ("Controls", "offsets"),
    ("FoundWindow", "group_shares"),
    ("FoundMask", "resumed"),
    ("Shrunk", "removed"),
}
"""Fields of answers that are held against a count by hand, and that no report shows."""


def _trees(folder):
    return {path: tree_of(path) for path in folder.rglob("*.py")}


def test_no_field_is_there_for_tests_alone():
    """Each field of a dataclass is read somewhere: as an attribute, by its name as text, or in a template."""
    trees = {path: tree for folder in SHIPPED for path, tree in _trees(folder).items()}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    read |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    templates = " ".join(path.read_text("utf-8") for path in PACKAGE.rglob("*") if path.suffix in (".j2", ".js"))
    read |= set(re.findall(r"\.(\w+)", templates))
    unread = {
        (node.name, line.target.id)
        for node in nodes
        if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(each) for each in node.decorator_list)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and line.target.id not in read
    }
    assert unread == READ_BY_TESTS


def test_no_constant_is_there_for_tests_alone():
    """Each constant of a module is named beside its definition; what is documented for users is in no code."""
    names = Counter(
        node.id if isinstance(node, ast.Name) else node.name
        for folder in SHIPPED
        for tree in _trees(folder).values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.alias)
    )
    lone = {
        f"{path.name}: {target.id}"
        for path, tree in _trees(PACKAGE).items()
        for line in tree.body
        if isinstance(line, ast.Assign | ast.AnnAssign)
        for target in (line.targets if isinstance(line, ast.Assign) else [line.target])
        if isinstance(target, ast.Name) and names[target.id] == 1 and not target.id.startswith("__")
    }
    assert lone == {"schema.py: SHIPPED"}, "the schema's file, which the package ships"


HANDLERS = ("models/lift", "models/onnx")
"""Whose functions stand in tables and take what every one of them is given."""


def test_no_parameter_is_without_a_use():
    """Of a module's own functions; methods and nested functions may have the form of a protocol."""
    unused = [
        f"{path.relative_to(PACKAGE)}: {node.name}({name})"
        for path, tree in _trees(PACKAGE).items()
        if not path.relative_to(PACKAGE).as_posix().startswith(HANDLERS)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for name in [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        if not name.startswith("_")
        and name not in {part.id for line in node.body for part in ast.walk(line) if isinstance(part, ast.Name)}
    ]
    assert unused == []


def test_every_option_can_be_reached_from_the_command_line():
    """Fields of what commands are asked for are given by name somewhere in `cli`."""
    given = {
        node.arg
        for tree in _trees(PACKAGE / "cli").values()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
    }
    unreachable = {
        f"{node.name}.{line.target.id}"
        for folder in ("audits", "config")
        for tree in _trees(PACKAGE / folder).values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Options", "Request", "Wishes"))
        for line in node.body
        if isinstance(line, ast.AnnAssign) and line.target.id not in given
    }
    assert unreachable == {"RunOptions.begin"}, "which a run of several models sets for each"


def test_no_function_is_there_for_tests_alone():
    """Each function, method, property and class is named in shipped code outside itself; comments do not count."""
    trees = {path: tree for folder in SHIPPED for path, tree in _trees(folder).items()}
    named = Counter()
    for tree in trees.values():
        named.update(_named(tree))
    templates = " ".join(path.read_text("utf-8") for path in PACKAGE.rglob("*") if path.suffix in (".j2", ".js"))
    named.update(re.findall(r"\w+", templates))
    dead = [
        f"{path.name}: {node.name}"
        for path, tree in trees.items()
        if path.name != "api.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if {ast.unparse(each).partition("(")[0] for each in node.decorator_list} <= PLAIN_DECORATORS
        if not node.name.startswith("__") and node.name not in CALLED_BY_OTHERS
        if named[node.name] == _named(node)[node.name]
    ]
    assert not dead


def _named(tree):
    """How often each name is read, or stands in a short text such as a quoted annotation; not in prose."""
    found = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            found[node.id if isinstance(node, ast.Name) else node.attr] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60:
            found.update(re.findall(r"\w+", node.value))
    return found
