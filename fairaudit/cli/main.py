"""The command line: one Typer app, one file per subcommand, nothing heavy imported before a command runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from fairaudit.cli import (
    audit,
    cf_align,
    cf_rectify,
    demo,
    explain,
    fairness,
    generator,
    init,
    mitigate,
    prune,
    resample,
    roi_metrics,
    saliency,
    schema,
    selftest,
    split,
)
from fairaudit.cli import report as report_commands
from fairaudit.cli.terminal.console import fail
from fairaudit.cli.terminal.interrupt import interrupted, listen, say_interrupted
from fairaudit.cli.terminal.streams import emit, standing
from fairaudit.cli.terminal.usage import OneParagraph
from fairaudit.engine.expected import as_expected
from fairaudit.version import __version__

app = typer.Typer(
    name="fairaudit",
    cls=OneParagraph,
    help="Audit image classifiers: are groups treated unequally, and does the model decide on the wrong evidence?",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 pass, 1 crash, 2 bad input, 3 gate failed, 4 inconclusive, 5 incomplete, 130 interrupted.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("audit")(audit.audit)
app.command("fairness")(fairness.fairness)
app.command("saliency")(saliency.saliency)
app.command("roi-metrics")(roi_metrics.roi_metrics)
app.command("cf-align")(cf_align.cf_align)
app.command("cf-rectify")(cf_rectify.cf_rectify)
app.add_typer(generator.app, name="generator")
app.command("mitigate")(mitigate.mitigate)
app.command("prune")(prune.prune)
app.command("selftest")(selftest.selftest)
app.command("resample")(resample.resample)
app.command("split")(split.split)
app.command("explain")(explain.explain)
app.command("schema")(schema.schema)
app.command("render")(report_commands.render)


def run() -> None:
    """Entry point of the console script: interrupts and broken streams never end in a traceback."""
    standing()
    listen()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(say_interrupted())
    except SystemExit:
        if interrupted():
            sys.exit(say_interrupted())
        emit("")  # what is left in the buffer goes out now, or is given up
        raise
    except Exception as error:
        expected = as_expected(error)
        if expected is None:
            raise
        sys.exit(fail(expected))


if __name__ == "__main__":
    run()
