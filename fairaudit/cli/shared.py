"""The options that all audits share, added to a command's own by a decorator, and the one place that handles errors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import typer

from fairaudit.cli import options as o
from fairaudit.cli.settings import Asked, run_options
from fairaudit.config.options import RunOptions

F = TypeVar("F", bound=Callable[..., int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the shared options say."""

    asked: Asked
    options: RunOptions
    quiet: bool
    as_json: bool
    dry_run: bool
    verbose: bool = False


def shared_options(
    *,
    config: o.ConfigFile = None,
    data: o.DataFile = None,
    target: o.Target = None,
    attribute: o.Attribute = None,
    split: o.Split = None,
    limit: o.Limit = None,
    size: o.Size = None,
    classes: o.Classes = None,
    output_kind: o.OutputKind = None,
    arch: o.Arch = None,
    output: o.Output = Path("fairaudit-report"),
    formats: o.Formats = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    dry_run: o.DryRun = False,
    fresh: o.Fresh = False,
    device: o.Device = "auto",
    precision: o.PrecisionOption = "auto",
    batch_size: o.BatchSize = "auto",
    workers: o.Workers = 2,
    seed: o.Seed = 0,
    timeout_per_batch: o.Timeout = None,
    images: o.Images = True,
    cache: o.Cache = "2G",
    shard: o.Shard = None,
    jobs: o.Jobs = 1,
    executor: o.ExecutorOption = "local",
    address: o.Address = None,
    gpus_per_model: o.GpusPerModel = 0.0,
    trust_model: o.Trust = False,
    fail_on: o.FailOnOption = "inconclusive",
    max_excluded: o.MaxExcluded = 0,
) -> Request:
    """The shared options as one request."""
    return Request(
        asked=Asked(
            config=config,
            data=data,
            target=target,
            attributes=attribute,
            split=split,
            size=size,
            classes=classes,
            output_kind=output_kind,
            arch=arch,
            trust=trust_model,
        ),
        options=run_options(
            output=output,
            device=device,
            precision=precision,
            batch_size=batch_size,
            workers=workers,
            seed=seed,
            limit=limit,
            fresh=fresh,
            max_excluded=max_excluded,
            trust_model=trust_model,
            fail_on=fail_on,
            timeout_per_batch=timeout_per_batch,
            images=images,
            formats=formats,
            cache=cache,
            shard=shard,
            jobs=jobs,
            executor=executor,
            address=address,
            gpus_per_model=gpus_per_model,
        ),
        quiet=quiet,
        as_json=as_json,
        dry_run=dry_run,
        verbose=verbose,
    )


BY_MODEL = ("cache", "shard", "jobs")
"""Shared options about how several models are audited, of which a command of one model has its own tasks for a cluster
alone."""
OF_MANY_MODELS = (*BY_MODEL, "executor", "address", "gpus_per_model")
"""Shared options that mean nothing to a command that takes one model."""
WRITES_NO_REPORT = (
    "formats",
    "as_json",
    "dry_run",
    "fail_on",
    "max_excluded",
    "images",
    "timeout_per_batch",
    *OF_MANY_MODELS,
)
"""Shared options that mean nothing to a command without a report."""
ON_THE_PROCESSOR = ("device", "precision", "batch_size")
"""Shared options that mean nothing to a command that computes on the processor at a size of its own."""


def audit_command(command: F | None = None, *, without: Sequence[str] = ()) -> Callable[..., Any]:
    """Give a command the shared options (as its argument `request`), error paragraphs and exit codes.

    The command returns its exit code. Its own parameters come first in `--help`.

    Args:
        command: the command; left out where the decorator is given arguments.
        without: shared options that the command does not honour, by parameter name, and so does not take.
    """
    if command is None:
        return functools.partial(audit_command, without=without)
    own = inspect.signature(command, eval_str=True)
    common = inspect.signature(shared_options, eval_str=True).parameters
    unknown = [name for name in without if name not in common]
    if unknown:
        raise ValueError(f"no such shared options: {', '.join(unknown)}")
    taken = {name: parameter for name, parameter in common.items() if name not in without}

    @functools.wraps(command)
    def wrapper(**given: Any) -> None:  # noqa: ANN401 (Typer passes what the signature below says)
        mine = {name: value for name, value in given.items() if name not in taken}
        guarded(
            lambda: command(request=shared_options(**{n: given[n] for n in taken}), **mine), given.get("output"), given
        )

    parameters = [p for name, p in own.parameters.items() if name != "request"]
    merged = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*parameters, *taken.values()]]
    wrapper.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in merged}
    return wrapper


def guarded(action: Callable[[], int], output: Path | None = None, options: Collection[str] = ()) -> None:
    """Run an action, turn expected errors into one paragraph, and leave with the exit code.

    What the system refuses (files, memory, encodings, depth) is expected too, wherever it comes up.

    Args:
        action: the command; returns its exit code.
        output: its folder, where what an interrupted run finished is kept.
        options: names of the command's parameters, which advice may name.

    Raises:
        typer.Exit: always; unexpected errors keep their traceback.
    """
    from fairaudit.cli.terminal.console import fail
    from fairaudit.cli.terminal.interrupt import interrupted, say_interrupted
    from fairaudit.engine.expected import as_expected
    from fairaudit.errors import ExitCode

    code: int
    try:
        code = action()
    except KeyboardInterrupt:
        code = say_interrupted(output)
    except Exception as error:
        if interrupted():  # a library turned the interrupt into an error of its own
            code = say_interrupted(output)
        else:
            expected = as_expected(error, options)
            if expected is None:
                raise
            code = fail(expected)
    raise typer.Exit(int(code or ExitCode.PASS))
