"""Options and commands that cannot be parsed are reported like every other error: one paragraph with what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from fairaudit.cli.terminal.console import fail
from fairaudit.errors import UsageError

_Unparsed: type[Any] = typer.BadParameter.__bases__[0]
"""What the parser raises; the module that it is in differs between versions of Typer."""

_CHOICE = re.compile(r"'(?P<value>[^']*)' is not one of (?P<choices>.+?)\.?$")


class OneParagraph(TyperGroup):
    """The group of all commands; a command line that it cannot parse is one paragraph on stderr and exit code 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (its class moved between versions)
        """The arguments before the command's name."""
        with _told():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (as above)
        """Parse and run the command, or the command of a command."""
        with _told():
            return super().invoke(ctx)


def as_usage(message: str, *, command: str, option: str = "", known: tuple[str, ...] = ()) -> UsageError:
    r"""The parser's message as an error of ours.

    Args:
        message: what the parser says.
        command: the command with its program, such as `fairaudit audit`.
        option: an option that does not exist; empty for other errors.
        known: options that look like it.

    >>> as_usage("'bth' is not one of 'both', 'none'.", command="fairaudit x").paragraph()
    '\'bth\' is not one of \'both\', \'none\'. Where: fairaudit x. Did you mean "both"?'
    >>> as_usage("Missing argument 'MODEL'", command="fairaudit x").paragraph()
    'Missing argument \'MODEL\'. Where: fairaudit x. "fairaudit x -h" says what it takes.'
    """
    text = " ".join(message.replace("Value error, ", "").split())
    choice = _CHOICE.search(text)
    if choice is not None:
        option, known = choice["value"], tuple(re.findall(r"'([^']*)'", choice["choices"]))
    near = difflib.get_close_matches(option, known, n=1, cutoff=0.6)
    advice = f'Did you mean "{near[0]}"?' if near else f'"{command} -h" says what it takes.'
    return UsageError(text, where=command, advice=advice)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except _Unparsed as error:
        context = error.ctx
        if type(error).__name__ == "NoArgsIsHelpError" or context is None:
            raise  # the help, which is no error
        option = getattr(error, "option_name", "") or ""
        known = tuple(getattr(error, "possibilities", None) or ())
        message = error.message if known else error.format_message()
        raise typer.Exit(
            int(fail(as_usage(message, command=context.command_path, option=option, known=known)))
        ) from error
