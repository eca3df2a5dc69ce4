"""Classifiers composed of outputs: `smiling + 0.3*arched_eyebrows`, parsed and never evaluated."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError, suggestion
from fairaudit.models.classifier import Classifier
from fairaudit.models.outputs.head import Head

FORM = "a sum of outputs with factors, such as smiling + 0.3*arched_eyebrows, other.pt#smiling or 0.5*(a - b)"
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)(?![\w.#/])
    |(?P<name>"[^"]+"|[A-Za-z_0-9][\w./~-]*\#[\w-]+|[./~][\w./~-]*\#[\w-]+|[A-Za-z_]\w*)
    |(?P<sign>[-+*()]))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputTerm:
    """One output with its factor."""

    factor: float
    """What its probability is multiplied with."""
    output: str
    """Name of the output."""
    file: str | None
    """The model file it belongs to; None is the model that the expression is about."""

    def __str__(self) -> str:
        name = f"{self.file}#{self.output}" if self.file else self.output
        return f"{self.factor:g}*{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A linear combination of probabilities: constant + Σ factor · p(output)."""

    terms: tuple[OutputTerm, ...]
    """In the order written, each output once."""
    constant: float = 0.0
    """What is added."""

    def __str__(self) -> str:
        text = " + ".join(str(term) for term in self.terms)
        return f"{text} + {self.constant:g}" if self.constant else text


def is_expression(text: str) -> bool:
    """Whether a text stands for outputs of models and not for the path of a file.

    >>> is_expression("model.pt"), is_expression("model.pt#smiling"), is_expression("a + 0.3*b")
    (False, True, True)
    """
    return "#" in text or bool(re.search(r"\s[-+*]\s|\*", text))


def parse_expression(text: str) -> Expression:
    """An expression from its text: numbers, names, `file#name`, "quoted names", + - * and parentheses.

    Raises:
        ModelError: it is no linear combination of outputs; the place is named.

    >>> str(parse_expression("smiling + 0.3*arched_eyebrows"))
    '1*smiling + 0.3*arched_eyebrows'
    >>> str(parse_expression("0.5*(a.pt#x - y) + x"))
    '0.5*a.pt#x + -0.5*y + 1*x'
    """
    parser = _Parser(text)
    combined = parser.sum()
    if not parser.finished():
        raise parser.error("the end, or + - *")
    terms = tuple(
        OutputTerm(factor=factor, output=output, file=file)
        for (file, output), factor in combined.items()
        if (file, output) != _ONE
    )
    if not terms:
        raise ModelError("The expression names no output", wanted=FORM, found=f'"{text}"')
    return Expression(terms=terms, constant=combined.get(_ONE, 0.0))


_ONE: tuple[str | None, str] = (None, "")
_Combination = dict[tuple[str | None, str], float]


class _Parser:
    """Recursive descent over sum := product (± product)*, product := atom (* atom)*."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                start = len(text) - len(text[place:].lstrip())
                raise self.error("a name, a number, + - * or a parenthesis", start)
            kind = str(match.lastgroup)
            self._tokens.append((kind, match.group(kind), match.start(kind)))
            place = match.end()
        self._next = 0

    def finished(self) -> bool:
        return self._next >= len(self._tokens)

    def error(self, wanted: str, place: int | None = None) -> ModelError:
        if place is None:
            place = len(self._text) if self.finished() else self._tokens[self._next][2]
        rest = self._text[place:].strip()
        found = f'"{rest[:30]}"' if rest else "the end"
        return ModelError(
            "The expression cannot be read", wanted=wanted, found=found, where=f'"{self._text}", character {place + 1}'
        )

    def sum(self) -> _Combination:
        total = self._signed()
        while (sign := self._take("+", "-")) is not None:
            for key, value in self._product().items():
                total[key] = total.get(key, 0.0) + (value if sign == "+" else -value)
        return total

    def _signed(self) -> _Combination:
        sign = self._take("+", "-")
        product = self._product()
        return {key: -value for key, value in product.items()} if sign == "-" else product

    def _product(self) -> _Combination:
        left = self._atom()
        while self._take("*") is not None:
            right = self._atom()
            if left.keys() - {_ONE} and right.keys() - {_ONE}:
                raise self.error("a number on one side of *: products of outputs are not linear")
            number, other = (left, right) if not left.keys() - {_ONE} else (right, left)
            left = {key: value * number.get(_ONE, 0.0) for key, value in other.items()}
        return left

    def _atom(self) -> _Combination:
        if self._take("(") is not None:
            inside = self.sum()
            if self._take(")") is None:
                raise self.error('")"')
            return inside
        if self.finished() or self._tokens[self._next][0] == "sign":
            raise self.error("a name, a number or a parenthesis")
        kind, text, _ = self._tokens[self._next]
        self._next += 1
        if kind == "number":
            return {_ONE: float(text)}
        file, _, output = text.strip('"').rpartition("#")
        return {(file or None, output): 1.0}

    def _take(self, *signs: str) -> str | None:
        if not self.finished() and self._tokens[self._next][0] == "sign" and self._tokens[self._next][1] in signs:
            self._next += 1
            return self._tokens[self._next - 1][1]
        return None


class _Combined(nn.Module):
    """constant + Σ factor · p(output), held inside [0, 1], as one output [image, 1] of normalised images."""

    def __init__(self, parts: Sequence[tuple[Classifier, int, float]], constant: float) -> None:
        super().__init__()
        self.models = nn.ModuleList(_unique([classifier.module for classifier, _, _ in parts]))
        self._parts = tuple(parts)
        self._constant = constant

    def forward(self, images: Tensor) -> Tensor:
        """The value for each image; a model that occurs several times runs once."""
        total = images.new_full((len(images), 1), self._constant, dtype=torch.float64)
        probabilities: dict[int, Tensor] = {}
        for classifier, index, factor in self._parts:
            key = id(classifier.module)
            if key not in probabilities:
                probabilities[key] = classifier.head.probabilities(classifier.module(images))
            total = total + factor * probabilities[key][:, index : index + 1]
        return total.clamp(0, 1)


def _unique(modules: Sequence[nn.Module]) -> list[nn.Module]:
    return list({id(module): module for module in modules}.values())


def compose(
    expression: Expression, *, base: Classifier | None, open_file: Callable[[Path], Classifier], folder: Path
) -> Classifier:
    """A classifier of two target values whose score is the expression of its outputs' probabilities.

    v(x) = constant + Σ factor · p(output), held inside [0, 1]; scores are (1 - v, v) and v ≥ 0.5 decides for the
    second value, which holding it inside does not change. Its logits are v itself, and it cannot be lifted.

    Args:
        expression: what to compute.
        base: the model that names without a file belong to.
        open_file: opens the file of a `file#name`; each file is opened once.
        folder: where relative file names start.

    Raises:
        ModelError: an output is not there, or two models prepare their input differently.
    """
    opened: dict[str, Classifier] = {}
    parts = []
    for term in expression.terms:
        if term.file is None:
            classifier = base
        else:
            if term.file not in opened:
                opened[term.file] = open_file(folder / Path(term.file).expanduser())
            classifier = opened[term.file]
        if classifier is None:
            advice = "Write file.pt#name."
            raise ModelError(f'It is not known which model the output "{term.output}" belongs to', advice=advice)
        parts.append((classifier, output_index(classifier, term.output), term.factor))
    return _composed(expression, parts)


def output_index(classifier: Classifier, name: str) -> int:
    """The number of an output, by its name or as a number.

    Raises:
        ModelError: there is no such output.
    """
    names = classifier.head.names
    if name in names:
        return names.index(name)
    if name.isdecimal() and int(name) < len(names):
        return int(name)
    advice = suggestion(name, names)
    raise ModelError(f'The model has no output called "{name}"', where=classifier.name, advice=advice)


def _composed(expression: Expression, parts: Sequence[tuple[Classifier, int, float]]) -> Classifier:
    first = parts[0][0]
    for other, _, _ in parts:
        if (other.mean, other.std, other.input_size, other.channels) != (
            first.mean,
            first.std,
            first.input_size,
            first.channels,
        ):
            raise ModelError("The models of an expression prepare their input differently", where=str(expression))
    text = str(expression)
    key = "\n".join([text, *(f"{classifier.sha256} {index}" for classifier, index, _ in parts)])
    classes = first.head.classes if len(first.head.classes) == 2 else ("0", "1")
    head = Head(link="probability", outputs=1, threshold=first.head.threshold, classes=classes, names=(text,))
    unique = {id(classifier): classifier for classifier, _, _ in parts}.values()
    return Classifier(
        name=text,
        path=first.path,
        sha256=hashlib.sha256(key.encode()).hexdigest(),
        format="expression",
        head=head,
        module=_Combined(parts, expression.constant).eval(),
        mean=first.mean,
        std=first.std,
        input_size=first.input_size,
        channels=first.channels,
        parameters=sum(classifier.parameters for classifier in unique),
        device=first.device,
        notes=tuple(dict.fromkeys(note for classifier in unique for note in classifier.notes)),
    )
