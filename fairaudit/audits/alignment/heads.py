"""Which classifiers a counterfactual audit reads: outputs of the model, other files, expressions and probes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.probe import FittedProbe
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.counterfactuals.composition import ComposedHeads
from fairaudit.counterfactuals.heads import Heads, JoinedHeads, ModelHeads, unique_names
from fairaudit.errors import UsageError, suggestion
from fairaudit.models.expression import is_expression, output_index, parse_expression
from fairaudit.models.open import open_model

if TYPE_CHECKING:
    from fairaudit.audits.core.study.study import Study
    from fairaudit.models.classifier import Classifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """All heads of an audit, and which are bases."""

    heads: Heads
    """Every head that is read; one forward pass per model."""
    bases: tuple[int, ...]
    """Columns of the base classifiers."""
    thresholds: tuple[float, ...]
    """Score from which on a head calls an image positive, per column."""
    probes: tuple[FittedProbe, ...] = ()
    """Probes that were fitted."""
    digest: str
    """Digest of every model behind the heads."""
    modules: tuple[nn.Module, ...]
    """The models behind the heads."""
    sources: tuple[tuple[Classifier, int] | None, ...] = ()
    """The opened model and its output that a column is, per column; None for a sum of several and for a probe."""
    softmax: tuple[int | None, ...] = ()
    """Number of the softmax that a head is one output of, per column; None for others."""

    def bound(self, base: int) -> frozenset[str]:
        """Names of heads that move with a base whatever the images show: itself, and outputs of the same softmax."""
        names, own = self.heads.names, self.softmax[base] if self.softmax else None
        return frozenset(
            name
            for column, name in enumerate(names)
            if column == base or (own is not None and self.softmax[column] == own)
        )


@dataclass(slots=True)
class _Collected:
    """Models that are read, each once, and the columns that are wanted of them."""

    parts: list[Heads] = field(default_factory=list)
    columns: list[tuple[dict[tuple[int, int], float], str, float]] = field(default_factory=list)
    """(weight of each (model, its column), name, threshold)."""
    opened: dict[Path, tuple[int, Classifier]] = field(default_factory=dict)
    """File → its model and what was opened; every file once."""
    probes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Name → (model, its column) of everything that probes say."""
    digests: list[str] = field(default_factory=list)
    modules: list[nn.Module] = field(default_factory=list)
    classifiers: dict[int, Classifier] = field(default_factory=dict)
    """Number → the opened model; probes are none."""

    def classifier(self, opened: Classifier, names: Sequence[str]) -> int:
        number = self.model(classifier_heads(opened, names), opened.sha256, opened.module)
        self.classifiers[number] = opened
        return number

    def source(self, terms: Mapping[tuple[int, int], float]) -> tuple[Classifier, int] | None:
        ((model, column), weight) = next(iter(terms.items()))
        if len(terms) > 1 or weight != 1 or model not in self.classifiers:
            return None
        return self.classifiers[model], column

    def model(self, heads: Heads, digest: str, module: nn.Module) -> int:
        self.parts.append(heads)
        self.digests.append(digest)
        self.modules.append(module)
        return len(self.parts) - 1

    def want(self, model: int, column: int, name: str, threshold: float = 0.5) -> int:
        return self.want_sum({(model, column): 1.0}, name, threshold)

    def want_sum(self, terms: dict[tuple[int, int], float], name: str, threshold: float = 0.5) -> int:
        known = [found for found, _, _ in self.columns]
        if terms in known:
            return known.index(terms)
        self.columns.append((terms, name, threshold))
        return len(self.columns) - 1


def readers(study: Study, options: CfOptions, shared: SharedFindings) -> Readers:
    """Open, fit and join everything that the options name; probes are those that the command's models share.

    Raises:
        UsageError: an unknown output, two classifiers of one name, or nothing to compare with.
        ModelError: a file that cannot be opened.
    """
    found = _Collected()
    names = output_names(study.candidate, study.target.name)
    own = found.classifier(study.candidate, names)
    probes = tuple(shared.probe(study, options, attribute) for attribute in options.train_probe)
    for probe in probes:
        model = found.model(probe.heads, probe.digest, probe.probe.module)
        found.probes |= {probe.heads.names[column]: (model, column) for column in probe.columns}
    threshold = study.candidate.head.threshold
    mine = [] if options.base else _own_bases(study.candidate)
    bases = [found.want(own, column, names[column], threshold) for column in mine]
    for text in options.base:
        bases += _named(text, study, options, found, names)
    for text in options.downstream:
        _named(text, study, options, found, names)
    if not options.downstream:
        for column in _own_bases(study.candidate) if probes else range(len(names)):
            found.want(own, column, names[column], threshold)
    for name, (model, column) in found.probes.items():
        found.want(model, column, name)
    return _joined(found, bases, probes)


def output_names(classifier: Classifier, target: str) -> tuple[str, ...]:
    """Names of the model's outputs; a lone output without a name of its own takes the target's name."""
    names = classifier.head.names
    return (target,) if names == ("1",) else names


def classifier_heads(classifier: Classifier, names: Sequence[str]) -> ModelHeads:
    """All outputs of an opened model as probabilities (or as they are, for an expression)."""
    classifier.head.require_scores("Counterfactuals", where=classifier.name)
    links = {"softmax": "softmax", "probability": "value"}

    def forward(images: torch.Tensor) -> torch.Tensor:
        return classifier.logits(images).float()

    return ModelHeads(forward, names, link=links.get(classifier.head.link, "sigmoid"))  # type: ignore[arg-type]


def _own_bases(classifier: Classifier) -> list[int]:
    head = classifier.head
    if head.link != "softmax":
        return [head.index]
    # Of two classes one is enough: the other moves by the same amount, the other way.
    return [1] if head.outputs == 2 else list(range(head.outputs))


def _named(text: str, study: Study, options: CfOptions, found: _Collected, names: Sequence[str]) -> list[int]:
    """Columns of one output, `all` outputs, a file, or an expression; `NAME=…` gives it another name."""
    alias, equals, spec = text.partition("=")
    if text.strip() in (*names, *found.probes):  # a probe's values are called ATTRIBUTE=VALUE
        equals, spec = "", text
    name, spec = (alias.strip(), spec.strip()) if equals else ("", text.strip())
    if spec in names:
        column = names.index(spec)
        return [found.want(0, column, name or spec, study.candidate.head.threshold)]
    if spec in found.probes:
        return [found.want(*found.probes[spec], name or spec)]
    if spec == "all":
        return [found.want(0, column, each, study.candidate.head.threshold) for column, each in enumerate(names)]
    if is_expression(spec):
        return [_expression(name or spec, spec, study, options, found)]
    path = Path(spec)
    if path.is_file():
        return _file(name, path, study, options, found)
    raise UsageError(
        f'There is no output and no file called "{spec}"',
        wanted="an output of the model, a model file, file.pt#output, or a sum such as a + 0.3*b",
        advice=suggestion(spec, [*names, *found.probes]),
    )


def _expression(name: str, text: str, study: Study, options: CfOptions, found: _Collected) -> int:
    """A sum of outputs as weights on the models' own heads, so that every model still runs once."""
    expression = parse_expression(text)
    if expression.constant:
        raise UsageError(
            "A constant cannot be audited: its score never changes",
            wanted="a sum of outputs, without a constant",
            found=str(expression),
        )
    terms: dict[tuple[int, int], float] = {}
    for term in expression.terms:
        model, classifier = 0, _called(study)
        if term.file is not None:
            model, classifier = _opened(Path(term.file).expanduser(), study, options, found)
        probe = None if term.file is not None or term.output in classifier.head.names else found.probes.get(term.output)
        place = probe or (model, output_index(classifier, term.output))
        terms[place] = terms.get(place, 0.0) + term.factor
    return found.want_sum(terms, name)


def _called(study: Study) -> Classifier:
    """The candidate with its outputs under the names that are used here."""
    names = output_names(study.candidate, study.target.name)
    return replace(study.candidate, head=replace(study.candidate.head, names=names))


def _file(name: str, path: Path, study: Study, options: CfOptions, found: _Collected) -> list[int]:
    model, opened = _opened(path, study, options, found)
    stem, head = name or path.stem, opened.head
    if head.outputs == 1:
        return [found.want(model, 0, stem, head.threshold)]
    if head.link == "softmax" and head.outputs == 2:
        return [found.want(model, 1, stem)]
    return [found.want(model, column, f"{stem}={each}", head.threshold) for column, each in enumerate(head.names)]


def _opened(path: Path, study: Study, options: CfOptions, found: _Collected) -> tuple[int, Classifier]:
    key = path.resolve()
    if key not in found.opened:
        opened = _open(path, study, options)
        model = found.classifier(opened, opened.head.names)
        found.opened[key] = (model, opened)
    return found.opened[key]


def _open(path: Path, study: Study, options: CfOptions) -> Classifier:
    """Another model on the same images: same preprocessing, but no say in how its outputs are called."""
    config = options.config.model.model_copy(update={"classes": [], "output": "auto", "pick": None})
    return open_model(
        path,
        config=config,
        preprocess=options.config.preprocess,
        trust=study.options.trust_model,
        device=str(study.candidate.device),
    )


def _joined(found: _Collected, bases: Sequence[int], probes: tuple[FittedProbe, ...]) -> Readers:
    if len(found.columns) < 2:
        raise UsageError(
            "There is nothing to compare the base classifier with",
            wanted="a second classifier: another output, or another file",
            advice="Give `fairaudit cf-align --downstream NAME=FILE`, or for an attribute of the data --train-probe "
            "ATTRIBUTE --probe-split SPLIT; `fairaudit cf-rectify` takes it as --other.",
        )
    starts = [sum(len(part.names) for part in found.parts[:index]) for index in range(len(found.parts))]
    names = unique_names([name for _, name, _ in found.columns])
    # Files may share names with each other inside; only what is asked for needs a name of its own.
    everything = JoinedHeads([numbered(part, index) for index, part in enumerate(found.parts)])
    weights = torch.zeros(len(found.columns), len(everything.names))
    for row, (terms, _, _) in enumerate(found.columns):
        for (model, column), weight in terms.items():
            weights[row, starts[model] + column] = weight
    digest = hashlib.sha256("\n".join(found.digests).encode()).hexdigest()
    return Readers(
        heads=ComposedHeads(everything, weights, names),
        bases=tuple(dict.fromkeys(bases)),
        thresholds=tuple(threshold for _, _, threshold in found.columns),
        probes=probes,
        digest=digest,
        modules=tuple(found.modules),
        sources=tuple(found.source(terms) for terms, _, _ in found.columns),
        softmax=tuple(_softmax_of(terms, found.parts) for terms, _, _ in found.columns),
    )


def _softmax_of(terms: Mapping[tuple[int, int], float], parts: Sequence[Heads]) -> int | None:
    """Number of the model whose softmax a column is one output of."""
    model = next(iter(terms))[0]
    alone = len(terms) == 1 and getattr(parts[model], "link", None) == "softmax"
    return model if alone else None


class _Numbered:
    """Heads under names that no other model's can be."""

    def __init__(self, heads: Heads, number: int) -> None:
        self._heads = heads
        self.names = tuple(f"{number}/{name}" for name in heads.names)
        self.width = heads.width
        self.outputs, self.values, self.steering = heads.outputs, heads.values, heads.steering
        self.is_probability = heads.is_probability


def numbered(heads: Heads, number: int) -> Heads:
    """The heads under names that heads of another number cannot have."""
    return _Numbered(heads, number)
