"""`fairaudit init`: look at a model and at data, and write the configuration that audits them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairaudit.counted import counted
from fairaudit.errors import suggestion

if TYPE_CHECKING:
    from fairaudit.audits.init.columns import Columns
    from fairaudit.audits.init.propose import Proposal
    from fairaudit.audits.init.run import Started, Wishes

FILE_NAME = "fairaudit.yaml"


def init(
    model: Annotated[Path, typer.Argument(help="Model file.", metavar="MODEL")],
    data: Annotated[Path, typer.Argument(help="Table with a row per image, or a dataset's folder.", metavar="DATA")],
    target: Annotated[str | None, typer.Option(help="Column with the label.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="Column to compare groups by; repeat for several.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that image paths start from.")] = None,
    arch: Annotated[
        str | None, typer.Option(help="For checkpoints: torchvision:NAME or package.module:factory.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Size of the model's input, such as 64x64 (default: found by trial).", metavar="HxW"),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path(FILE_NAME),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept every proposal without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    trust_model: Annotated[bool, typer.Option(help="Open files that can run code.")] = False,
) -> None:
    """Look at a model and at data, and write the configuration that audits them.

    Example: fairaudit init model.pt data.csv
    """
    from fairaudit.audits.init.run import Wishes
    from fairaudit.cli.settings import size_of
    from fairaudit.cli.shared import guarded

    def run() -> int:
        wishes = Wishes(
            target=target,
            attributes=attribute or None,
            root=root,
            arch=arch,
            size=None if size is None else size_of(size),
            trust=trust_model,
        )
        asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
        try:
            return _init(model, data, output=output, wishes=wishes, asks=asks, force=force)
        except typer.Abort:  # the end of the input where an answer was asked for
            raise KeyboardInterrupt from None

    guarded(run)


def _init(model: Path, data: Path, *, output: Path, wishes: Wishes, asks: bool, force: bool) -> int:
    from fairaudit.audits.init.run import start
    from fairaudit.cli.terminal.console import say
    from fairaudit.errors import ModelError, OutputError

    for given in (model, data):
        if output.exists() and given.exists() and output.samefile(given):
            raise OutputError(
                "The configuration would overwrite one of its own inputs",
                where=str(output),
                advice="Give another file with -o.",
            )
    if output.exists() and not force:
        raise OutputError(
            "A configuration already exists", where=str(output), advice="Write over it with --force, or give -o FILE."
        )
    if not model.is_file():
        raise ModelError("The model file does not exist", where=str(model))
    found = start(model, data, folder=output.absolute().parent, wishes=wishes, ask=_asking(wishes) if asks else None)
    try:
        output.write_text(found.text, encoding="utf-8")
    except OSError as error:
        raise OutputError("The configuration cannot be written", found=str(error), where=str(output)) from error
    for line in _found(found):
        say(line)
    say(f"Wrote {output}. Next: {_next(model, output)}")
    return 0


def _asking(wishes: Wishes):  # type: ignore[no-untyped-def] # noqa: ANN202 (a closure over prompts)
    def ask(proposal: Proposal, columns: Columns) -> Wishes:
        names = ", ".join(columns.categories)
        typer.echo(f"Columns with few values: {names}", err=True)

        def known(text: str) -> str:
            """The names in the text, or what is wrong with one, after which the question is asked again."""
            given = [name.strip() for name in text.split(",") if name.strip()]
            for name in given:
                if name not in columns.categories:
                    raise typer.BadParameter(
                        f'there is no such column "{name}". {suggestion(name, columns.categories)}'
                    )
            if not given:
                raise typer.BadParameter("a column is needed")
            return ",".join(given)

        def one(text: str) -> str:
            if "," in text:
                raise typer.BadParameter("one column is needed")
            return known(text)

        target = typer.prompt("What does the model predict?", default=proposal.target, value_proc=one, err=True)
        proposed = ",".join(name for name in proposal.attributes if name != target)

        def others(text: str) -> str:
            names = known(text)
            if target in names.split(","):
                raise typer.BadParameter(f"{target} is what the model predicts; groups are compared by something else")
            return names

        question = "Compare groups by (commas between)"
        given = typer.prompt(question, default=proposed or None, value_proc=others, err=True)
        return replace(wishes, target=target, attributes=given.split(","))

    return ask


def _found(found: Started) -> list[str]:
    """The findings, one per line."""
    model, proposal = found.model, found.proposal
    size = " x ".join(str(side) for side in proposal.trial.preprocess.size or ())
    answers = " or ".join(proposal.values) if len(proposal.values) <= 4 else f"{len(proposal.values)} values"
    part = f" ({found.columns.split} = {found.columns.use})" if found.columns.split else ""
    lines = [
        f"Model: {model.name} ({model.format}), {model.parameters:,} weights, input {size}, {proposal.trial.scale}.",
        f"Scale of the input: {proposal.why_scale}.",
        f"Data: {counted(found.rows, 'row')} to audit{part}.",
        f"Target: {proposal.target} ({answers}): {proposal.why_target}.",
        f"Groups: {', '.join(proposal.attributes)}; the audit starts with {', '.join(proposal.audited)}.",
    ]
    if proposal.swapped:
        lines.insert(-1, f"Order of the outputs: {', '.join(proposal.values)}: {proposal.why_order}.")
    regions = ", ".join(box.name for box in proposal.regions)
    lines.append(f"Regions: {regions}." if regions else "Regions: none in the table; see the example in the file.")
    return lines


def _next(model: Path, output: Path) -> str:
    import shlex

    config = "" if output == Path(FILE_NAME) else f" --config {shlex.quote(str(output))}"
    return f"fairaudit audit {shlex.quote(str(model))}{config}"
