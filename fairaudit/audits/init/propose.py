"""From the findings about a model and a table to a proposal: target, attributes, regions, preprocessing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairaudit.audits.init.columns import MOST_VALUES, Box, Columns
from fairaudit.audits.init.model import ModelFacts, Trial, agreement, best_trial
from fairaudit.audits.init.order import answer_order
from fairaudit.data.categorical import Categorical
from fairaudit.errors import UsageError, suggestion

LABELS = ("target", "label", "class", "y", "diagnosis", "category")
"""Names of columns that are usually the label; they are asked first."""
CLEAR = 0.3
"""Smallest agreement (Cramér's V) by which a model's own decisions point at its target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The content of a configuration, with reasons."""

    target: str
    """Column that the model predicts."""
    why_target: str
    """What speaks for it."""
    values: tuple[str, ...]
    """The target's values, in the order of the model's answers."""
    why_order: str
    """What speaks for that order."""
    swapped: bool
    """Whether it is another one than that of the sorted values."""
    attributes: tuple[str, ...]
    """Columns to compare groups by."""
    audited: tuple[str, ...]
    """The attributes that an audit starts with: those that a region shows, or all."""
    regions: tuple[Box, ...]
    """Regions of the table."""
    audited_regions: tuple[str, ...]
    """Those that an audit starts with: the ones named after an attribute, or all."""
    trial: Trial
    """Size and scale of the input."""
    why_scale: str
    """What speaks for the scale."""
    link: str
    """How outputs become probabilities."""


def propose(
    columns: Columns,
    model: ModelFacts,
    *,
    target: str | None = None,
    attributes: Sequence[str] | None = None,
    folder: Path | None = None,
) -> Proposal:
    """The proposal for a model and a table, or for a dataset's folder of a known layout.

    The target is a column with as many values as the model has answers: one that is named as labels are, else the one
    that the decisions agree with most (Cramér's V over the tried images), those with a box of their own last, because
    what is seen in a region is what groups are compared by: a model that reads a shortcut agrees with that more than
    with its own target. Agreement does not choose the scale of the input, because a model that
    reads a shortcut can be right more often on images that are scaled wrongly: what the first batch norm saw does.

    Raises:
        UsageError: no column can be the target or an attribute, or a given name is no such column.
    """
    known = columns.categories
    trial = best_trial(model.trials)
    shown_in_box = {box.name for box in columns.boxes}
    chosen, why = _target(known, model, trial, target, shown_in_box)
    others = {name: column for name, column in known.items() if name != chosen and len(column.values) <= MOST_VALUES}
    groups = tuple(attributes) if attributes else tuple(others)
    for name in groups:
        if name not in known or name == chosen:
            raise _no_such(name, "attribute", [each for each in known if each != chosen])
    if not groups:
        raise UsageError(
            "There is no column to compare groups by",
            wanted=f"a column with 2 to {MOST_VALUES} values beside the target",
            found=f'"{chosen}" alone',
            advice=_ADD_COLUMN
            if folder is None
            else _WRITE_TABLE.format(folder=folder, example=_example(known[chosen])),
        )
    order = answer_order(trial.decisions, known[chosen].codes[model.rows], known[chosen].values)
    shown = tuple(name for name in groups if name in {box.name for box in columns.boxes})
    return Proposal(
        target=chosen,
        why_target=why,
        values=order.values,
        why_order=order.why,
        swapped=order.swapped,
        attributes=groups,
        audited=shown or groups,
        regions=columns.boxes,
        audited_regions=shown or tuple(box.name for box in columns.boxes),
        trial=trial,
        why_scale=_why_scale(model, trial),
        link=model.link,
    )


_ADD_COLUMN = "Add a column with the protected attribute, such as sex, skin or necktie, to the table."
_WRITE_TABLE = (
    "A folder of classes names no groups: write a table into it, such as {folder}/images.csv. Its first line is "
    "file,label,group; every other line is one image, such as {example} (path in the folder, label, value of the "
    "protected attribute). Then run the same command again."
)


def _example(target: Categorical) -> str:
    """A line of the table that is missing."""
    return f"{target.values[0]}/001.jpg,{target.values[0]},dark"


def ranked(known: Mapping[str, Categorical], model: ModelFacts, trial: Trial) -> list[tuple[float, str]]:
    """Agreement and name of every column that can be the target, best first; equal ones by usual names of labels."""
    found = [
        (agreement(trial.decisions, column.codes[model.rows]), name)
        for name, column in known.items()
        if len(column.values) == model.outputs
    ]
    return sorted(found, key=lambda each: (-each[0], each[1].lower() not in LABELS, each[1]))


def _target(
    known: Mapping[str, Categorical], model: ModelFacts, trial: Trial, target: str | None, boxed: Collection[str]
) -> tuple[str, str]:
    """The target's column, and what speaks for it."""
    if target is not None and target not in known:
        raise _no_such(target, "target", list(known))
    fitting = ranked({target: known[target]} if target is not None else known, model, trial)
    if not fitting:
        raise UsageError(
            f"No column has {model.outputs} values, as many as the model has answers",
            wanted="a column with the label that the model predicts",
            found=_sizes({target: known[target]} if target is not None else known),
            advice="Name it with --target. A model with one output per label needs model.output: multilabel and "
            "model.pick in a configuration of your own.",
        )
    if target is not None:
        return target, "as given"
    named = [name for _, name in fitting if name.lower() in LABELS]
    if named:
        return named[0], "by its name"
    free = [each for each in fitting if each[1] not in boxed] or fitting
    best, name = free[0]
    told = ", ".join(f"{each} {value:.2f}" for value, each in fitting[:4])
    if best < CLEAR and len(free) > 1:
        raise UsageError(
            "It is not clear which column the model predicts",
            wanted=f"one that its answers agree with ({CLEAR} or more, 1 is always; {len(model.rows)} images)",
            found=told,
            advice="Name it with --target.",
        )
    among = "" if (best, name) == fitting[0] else ", of all columns that no region is about"
    return name, f"ASSUMED, since the model's answers agree with it most{among} (0 not at all, 1 always: {told})"


def _why_scale(model: ModelFacts, trial: Trial) -> str:
    if trial.gap is None:
        return "ASSUMED, since the model keeps nothing that tells how its training images were scaled: correct it"
    others = [(each.gap, each.scale) for each in model.trials if each.gap is not None and each is not trial]
    told = f"as {trial.scale}, the images are closest to what the model saw in training"
    if not others:
        return told
    gap, name = min(others)
    return f"{told} (distance {trial.gap:.2g}; the next best, {name}, {gap:.2g})"


def _no_such(name: str, kind: str, known: list[str]) -> UsageError:
    return UsageError(
        f'The column "{name}" cannot be the {kind}',
        wanted=f"one of {', '.join(known) or 'no column'}",
        where=f"--{kind}",
        advice=suggestion(name, known),
    )


def _sizes(known: Mapping[str, Categorical]) -> str:
    return ", ".join(f"{name} ({len(column.values)})" for name, column in known.items()) or "no column with few values"
