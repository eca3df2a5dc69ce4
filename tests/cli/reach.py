"""Which functions and classes of fairaudit each command can come to, read from the source, and what they say.

A function comes to whatever its body names, a class to whatever its methods name; annotations count for nothing. That
is too much rather than too little: a branch that a command never takes is counted too.
"""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import typer

import fairaudit
from fairaudit.cli.main import app

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
_COMMAND = re.compile(r"fairaudit ((?:generator )?[a-z][a-z-]*)")


class Symbol(NamedTuple):
    """A function, a class or a value at the top level of a module."""

    module: str
    name: str


class Said(NamedTuple):
    """A statement with texts that name options."""

    symbol: Symbol
    text: str


def commands(command=None, name=""):
    """Every command's name and what Typer made of it."""
    command = command or typer.main.get_command(app)
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for part, child in children.items():
        yield from commands(child, f"{name} {part}".strip())


COMMANDS = dict(commands())


@functools.cache
def flags(name):
    """The options that a command takes."""
    return {flag for p in COMMANDS[name].params for flag in (*p.opts, *p.secondary_opts)} | {"--help", "--version"}


def foreign(text, name):
    """The options named in a text that the command lacks, and that no other command is named with."""
    if name not in COMMANDS:
        return []
    others = [other for other in _COMMAND.findall(" ".join(text.split())) if other in COMMANDS]
    known = flags(name).union(*(flags(other) for other in others))
    return [option for option in OPTION.findall(text) if option not in known]


class _Names(ast.NodeVisitor):
    """What a piece of code names outside its annotations, and what it imports."""

    def __init__(self):
        self.names, self.dotted, self.imports = set(), set(), {}

    def visit_arg(self, node):
        """Its annotation is passed by."""

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node):
        defaults = [default for default in node.args.kw_defaults if default is not None]
        for part in (*node.decorator_list, *node.args.defaults, *defaults, *node.body):
            self.visit(part)

    def visit_If(self, node):
        if getattr(node.test, "id", "") != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Name(self, node):
        self.names.add(node.id)

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name):
            self.dotted.add((node.value.id, node.attr))
        self.generic_visit(node)

    def visit_ImportFrom(self, node):
        if (node.module or "").startswith("fairaudit"):
            self.imports |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}


class Source:
    """The package's modules, parsed."""

    def __init__(self):
        self.values, self.imports, self.modules = defaultdict(list), {}, set()
        root = Path(fairaudit.__file__).parent
        for path in sorted(root.rglob("*.py")):
            module = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
            self.modules.add(module)
            self._read(module, ast.parse(path.read_text(encoding="utf-8")))

    def _read(self, module, tree):
        names = _Names()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                names.visit(node)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.values[Symbol(module, node.name)].append(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)):
                    self.values[Symbol(module, name)].append(node.value)
        self.imports[module] = names.imports

    def resolve(self, module, name):
        """The symbol that a name of a module means, through re-exports; a module's name for a module."""
        for _ in range(10):
            if (module, name) in self.values:
                return Symbol(module, name)
            if f"{module}.{name}" in self.modules:
                return f"{module}.{name}"
            if name not in self.imports.get(module, {}):
                return None
            module, name = self.imports[module][name]
        return None

    @functools.cache  # noqa: B019 (one for the whole run)
    def named(self, symbol):
        """The symbols that one names."""
        names = _Names()
        for node in self.values[symbol]:
            if isinstance(node, ast.ClassDef):
                parts = (*node.bases, *node.decorator_list, *(k.value for k in node.keywords), *node.body)
            else:
                parts = (node,)
            for part in parts:
                names.visit(part)

        def look(name):
            own = names.imports.get(name)
            return self.resolve(*own) if own else self.resolve(symbol.module, name)

        found = {look(name) for name in names.names}
        found |= {self.resolve(look(a), b) for a, b in names.dotted if isinstance(look(a), str)}
        return frozenset(each for each in found if isinstance(each, Symbol))

    def reached(self, name):
        """The symbols that a command can come to."""
        function = COMMANDS[name].callback
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        todo = [Symbol(function.__module__, function.__name__)]
        seen = set(todo)
        while todo:
            new = self.named(todo.pop()) - seen
            seen |= new
            todo += new
        return seen

    @functools.cached_property
    def sayings(self):
        """Statements that name options in texts other than docstrings."""
        return [
            Said(symbol, text)
            for symbol, nodes in self.values.items()
            for node in nodes
            for text in _texts(node)
            if OPTION.search(text)
        ]


def _texts(node):
    """The texts of every simple statement, joined; of a value outside functions, all of them."""
    docstrings = {id(n.value) for n in ast.walk(node) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    simple = [n for n in ast.walk(node) if isinstance(n, ast.stmt) and not hasattr(n, "body")]
    seen = {id(part) for statement in simple for part in ast.walk(statement)}
    yield from (_joined(ast.walk(statement), docstrings) for statement in simple)
    yield _joined((part for part in ast.walk(node) if id(part) not in seen), docstrings)


def _joined(parts, docstrings):
    constants = [p for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    return " ".join(p.value for p in constants if id(p) not in docstrings)
