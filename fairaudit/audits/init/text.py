"""A proposal as the text of a commented fairaudit.yaml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from fairaudit.audits.init.columns import Columns
from fairaudit.audits.init.propose import Proposal


def configuration(
    proposal: Proposal, columns: Columns, *, manifest: str | None, layout: tuple[str, str] | None, root: str | None
) -> str:
    """The whole file.

    Args:
        proposal: what it says.
        columns: what the table holds.
        manifest: path of the table, relative to the file.
        layout: name and folder of a known layout, in place of a table.
        root: folder that image paths start from, where it is another than the table's.
    """
    parts = [
        "# Written by `fairaudit init`: what it found, and what it assumed. Read it once, and correct what is wrong.",
        *_data(proposal, columns, manifest=manifest, layout=layout, root=root),
        "",
        *_preprocess(proposal),
        "",
        *_model(proposal),
        "",
        *_regions(proposal),
        "",
        *_audit(proposal),
        "",
        *_gates(proposal),
    ]
    return "\n".join(parts) + "\n"


def _data(
    proposal: Proposal, columns: Columns, *, manifest: str | None, layout: tuple[str, str] | None, root: str | None
) -> list[str]:
    lines = ["data:"]
    if layout is not None:
        lines.append(f"  manifest: {{layout: {layout[0]}, root: {_scalar(layout[1])}}}")
    else:
        lines.append(f"  manifest: {_scalar(manifest or '')}")
        lines.append(f"  image: {_scalar(columns.image or '')}")
        lines += [f"  root: {_scalar(root)}    # the paths start here"] if root else []
        lines += [f"  id: {_scalar(columns.id)}"] if columns.id else []
    lines.append(f"  # Target: {_comment(proposal.why_target)}.")
    lines.append(f"  target: {_scalar(proposal.target)}")
    lines.append(f"  attributes: {_list(proposal.attributes)}")
    if columns.split and columns.use:
        lines.append(f"  split: {{column: {_scalar(columns.split)}, use: {_scalar(columns.use)}}}")
    if columns.cluster:
        lines.append(f"  cluster: {_scalar(columns.cluster)}    # whole persons are resampled, not their images")
    return lines


def _preprocess(proposal: Proposal) -> list[str]:
    found = proposal.trial.preprocess
    size = list(found.size or ())
    lines = ["preprocess:    # must be what the model was trained with", f"  # Scale: {_comment(proposal.why_scale)}."]
    lines.append(f"  size: {size}    # height and width")
    lines += ["  channels: 1"] if found.channels == 1 else []
    lines.append(f"  mean: {list(found.mean)}    # {proposal.trial.scale}")
    lines.append(f"  std: {list(found.std)}")
    return lines


def _model(proposal: Proposal) -> list[str]:
    if proposal.link == "softmax":
        return ["model:", "  output: softmax", f"  classes: {_list(proposal.values)}    # {proposal.why_order}"]
    positive = f"one output; above 0.5 means {proposal.values[-1]}"
    lines = ["model:", f"  output: sigmoid    # {_comment(positive)}"]
    return [*lines, f"  classes: {_list(proposal.values)}    # {proposal.why_order}"] if proposal.swapped else lines


def _regions(proposal: Proposal) -> list[str]:
    if not proposal.regions:
        return [
            "# Where the model should not look, or what it should rest on. For example:",
            "# regions:",
            "#   tag: {box: [0.0, 0.0, 0.2, 0.1], units: fraction}    # x0, y0, x1, y1 as shares of the image",
        ]
    lines = ["regions:"]
    for box in proposal.regions:
        lines.append(f"  {_scalar(box.name)}: {{columns: {_list(box.columns)}, units: {box.units}}}")
    return lines


def _audit(proposal: Proposal) -> list[str]:
    lines = ["audit:", f"  attribute: {_list(proposal.audited)}"]
    if proposal.audited_regions:
        lines.append(f"  region: {_list(proposal.audited_regions)}    # {_others(proposal)}")
    lines.append("  saliency: [lrp, integrated_gradients]")
    return lines


def _others(proposal: Proposal) -> str:
    rest = [box.name for box in proposal.regions if box.name not in proposal.audited_regions]
    return f"the table also has {_comment(', '.join(rest))}" if rest else "all that the table has"


def _gates(proposal: Proposal) -> list[str]:
    return [
        "# Verdicts decide the exit code: 3 where groups are treated unequally or the attribute is used, 4 where the",
        "# evidence does not decide. Rules over single numbers can be added:",
        "# gates:",
        f"#   - {{metric: equalized_odds_difference, attribute: {_scalar(proposal.audited[0])}, max: 0.10}}",
    ]


def _scalar(text: str) -> str:
    """A text as YAML that means just this text; JSON's quotes are YAML's."""
    plain = text.replace("_", "").replace("-", "").replace(".", "").replace("/", "")
    starts = text[:1].isalpha() and plain.isascii() and plain.isalnum()
    reserved = text.lower() in ("true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf")
    return text if starts and not reserved else json.dumps(text, ensure_ascii=False)


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(_scalar(text) for text in texts) + "]"


def _comment(text: str) -> str:
    """A text that stays on its line."""
    return "".join(character if character.isprintable() else " " for character in text)


def relative(path: Path, folder: Path) -> str:
    """The path from a folder where it lies below it, else as an absolute one; with forward slashes."""
    full = path.absolute()
    return full.relative_to(folder.absolute()).as_posix() if full.is_relative_to(folder.absolute()) else full.as_posix()
