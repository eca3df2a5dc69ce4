"""Options of a run beyond fairaudit.yaml: where it writes, on what device it computes, when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FailOn = Literal["fail", "inconclusive", "incomplete", "never"]
Executor = Literal["local", "ray"]
Precision = Literal["fp32", "bf16", "auto"]
SHOW_FIGURES = frozenset({"md", "html"})
"""Formats that show figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run; only `seed` and `limit` change what is measured."""

    output: Path = Path("fairaudit-report")
    """Folder for the report and its figures; the run store lies beside it."""
    root: Path | None = None
    """Output folder of the whole run, where `output` is a folder inside of it; None where it is `output`."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps."""
    precision: Precision = "auto"
    """fp32, bf16 (autocast), or auto: fp32."""
    batch_size: int | None = None
    """Images computed at once; None starts at a whole chunk. Halves itself when memory runs out."""
    workers: int = 2
    """Threads that decode images."""
    seed: int = 0
    """Seed of all random numbers."""
    limit: int | None = None
    """Audit only this many rows, drawn with the seed."""
    fresh: bool = False
    """Start over instead of continuing an interrupted run."""
    max_excluded: int = 0
    """Largest number or share of excluded rows; with more, the verdict is incomplete."""
    trust_model: bool = False
    """Open model files that can run code of their own."""
    fail_on: FailOn = "inconclusive"
    """From which state of the gate on the exit code is not 0."""
    timeout_per_batch: float | None = None
    """Seconds after which a batch that a model does not finish ends the run; None waits for ever."""
    images: bool = True
    """Draw figures on which single images of the data can be seen."""
    formats: tuple[str, ...] = ("md",)
    """Renderings written beside report.json: as `--format` names them."""
    figures: bool = True
    """Draw figures; the command line leaves them out where none of its formats shows any (`SHOW_FIGURES`)."""
    cache: int = 2 << 30
    """Largest size in bytes of the file that keeps the decoded images of a run over several models; 0 for none."""
    jobs: int = 1
    """Processes in which several models are audited side by side."""
    executor: Executor = "local"
    """Where several models are audited: processes of this machine, or a Ray cluster."""
    address: str | None = None
    """Of the Ray cluster, or auto; None starts one of this machine."""
    gpus_per_model: float = 0.0
    """GPUs, or the share of one, that Ray gives to each model."""
    begin: float = 0.0
    """Share of the chunks that are left for last; processes side by side then begin with different images."""
    shard: tuple[int, int] | None = None
    """Part and number of parts: only every n-th of several models is audited; None for all."""
    against: Path | None = None
    """Report of an earlier run on the same data to compare with; the fairness command alone sets it."""
    command: tuple[str, ...] = ()
    """Command line as given, for the report."""
