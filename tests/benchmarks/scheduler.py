"""How many models the process that asks and the run stores keep up with: the real scheduler, tasks that sleep.

    python tests/benchmarks/scheduler.py --models 100,1000,10000 [--tasks 10000] [--out scheduler.json]

Four parts, each with models that are chunks of noise in the place of networks, so that what is measured is what the
audits do not do: hand out tasks, take up chunks, write reports, rows and pages.

- slots: `engine.slots` with sleeping calls: calls per second, and the share of the time that the processes sleep.
- ray: `engine.cluster` the same, where Ray is installed; and bytes per second through its object store.
- take up: chunks per second that the asking process adds to run stores, as large as those of `fairaudit audit`.
- rows: seconds that the page over all models takes in total, and memory, while rows come in.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fairaudit.audits.zoo.board import Board
from fairaudit.engine.cluster import Calls, joined
from fairaudit.engine.freight import packed, take_up
from fairaudit.engine.part import Part
from fairaudit.engine.plan import Plan
from fairaudit.engine.slots import Work, side_by_side
from fairaudit.engine.store import RunStore
from fairaudit.report.zoo.row import ModelRow

COLUMNS, ROWS = 24, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table."""

    part: str
    what: str
    count: int
    seconds: float
    """Wall-clock time."""
    cpu: float
    """Processor time of this process, which asks."""
    rate: str
    peak: float
    """Largest resident memory of this process in MiB so far."""


class Clock:
    """Wall-clock and processor time from now on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def wall(self) -> float:
        """Seconds that have passed."""
        return time.perf_counter() - self._wall

    def line(self, part: str, what: str, count: int, rate: str) -> Line:
        """A line about the time until now."""
        return Line(
            part=part, what=what, count=count, seconds=self.wall, cpu=time.process_time() - self._cpu, rate=rate,
            peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )  # fmt: skip


def nothing() -> None:
    """What a process of the benchmark prepares."""


def asleep(seconds: float) -> int:
    """A model that takes so long and no processor."""
    time.sleep(seconds)
    return os.getpid()


def slept(_shared: object, seconds: float, _held: bytes | None) -> bytes:
    """The same as a task of Ray, which brings back a small report."""
    time.sleep(seconds)
    return b"x" * 50_000


def slots(tasks: int, seconds: float, jobs: int) -> Line:
    """Sleeping calls in processes side by side; the first call of each process is not counted."""
    answers = side_by_side(
        Work(call=asleep, prepare=nothing, given=lambda _n: ()), [seconds] * (tasks + jobs), jobs=jobs
    )
    for _ in range(jobs):
        next(answers)
    clock = Clock()
    count = sum(1 for _ in answers)
    rate = f"{count / clock.wall:.0f}/s, {count * seconds / jobs / clock.wall:.0%} asleep"
    return clock.line("slots", f"{jobs} processes, {seconds * 1e3:.0f} ms each", count, rate)


def on_ray(tasks: int, seconds: float, processors: int) -> Line:
    """Sleeping tasks of Ray that bring back 50 kB each."""
    with joined(None, processors=processors) as cluster:
        calls = Calls(call=slept, shared=cluster.share(0), load=lambda _task: None)
        for _ in cluster.answers(calls, deque([0.0] * 4 * processors)):
            pass  # workers are there
        clock = Clock()
        count = sum(1 for _ in cluster.answers(calls, deque([seconds] * tasks)))
        rate = f"{count / clock.wall:.0f}/s, {count * seconds / processors / clock.wall:.0%} asleep"
        return clock.line("ray", f"{processors} processors, {seconds * 1e3:.0f} ms each, 50 kB back", count, rate)


def chunk(folder: Path, chunks: int) -> bytes:
    """A run store with chunks as large as those of an audit."""
    path = folder / "part.sqlite"
    draw = np.random.default_rng(0)
    with RunStore.open(path, key={"model": "m"}) as store:
        store.pin(Plan(rows=ROWS * chunks, chunk_rows=ROWS))
        for index in range(chunks):
            store.save(index, {"audit": Part(columns={f"c{i}": draw.normal(size=ROWS) for i in range(COLUMNS)})})
    content = packed(path)
    assert content is not None
    return content


def taken_up(stores: int, folder: Path) -> Iterator[Line]:
    """Chunks that come from elsewhere into run stores, one store per model."""
    for chunks in (1, 64):
        (folder / str(chunks)).mkdir()
        content = chunk(folder / str(chunks), chunks)
        count = max(1, stores // chunks)
        clock = Clock()
        for number in range(count):
            take_up(content, folder / str(chunks) / f"{number}" / "run.sqlite")
        rate = f"{count * chunks / clock.wall:.0f} chunks/s, {count * len(content) / clock.wall / 1e6:.1f} MB/s"
        yield clock.line("take up", f"{chunks} chunks of {ROWS} rows into a new store", count * chunks, rate)


def rows(models: int, folder: Path) -> Line:
    """Rows of models that come in as fast as they can."""
    board = Board(folder, title="faces.csv")
    clock = Clock()
    for number in range(models):
        board.add(
            ModelRow(
                model=f"m{number}", gate="fail", exit_code=3, decision="Fail", verdicts=("sex × tie: undecided",),
                rule="equalized_odds_difference sex", value=0.2, limits="at most 0.1", accuracy=0.9,
                worst_group_accuracy=0.8, worst_rule="0.2 is above 0.1", report=f"m{number}/report.json", excess=1.0,
            )
        )  # fmt: skip
    board.write()
    return clock.line("rows", "rows and pages", models, f"{models / clock.wall:.0f}/s")


def main(arguments: list[str] | None = None) -> list[Line]:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="100,1000,10000")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--sleep", type=float, default=0.005, help="seconds of a task")
    parser.add_argument("--processors", default="2,8", help="processes that sleep side by side")
    parser.add_argument("--without-ray", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    os.environ.setdefault("FAIRAUDIT_STORE_KEY", "benchmark")
    found: list[Line] = []

    def add(new: Line) -> None:
        found.append(new)
        print(
            f"| {new.part} | {new.what} | {new.count:,} | {new.seconds:.2f} | {new.cpu:.2f} | {new.rate} "
            f"| {new.peak:.0f} |",
            flush=True,
        )
        if given.out:
            given.out.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n", encoding="utf-8")

    print(
        "| part | what | count | s | processor s | rate | peak MiB |\n| --- | --- | ---: | ---: | ---: | --- | ---: |",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        for models in map(int, given.models.split(",")):
            add(rows(models, Path(name) / f"rows{models}"))
        for new in taken_up(given.tasks, Path(name)):
            add(new)
        for processors in map(int, given.processors.split(",")):
            add(slots(given.tasks, given.sleep, processors))
            if not given.without_ray:
                add(on_ray(given.tasks, given.sleep, processors))
    return found


if __name__ == "__main__":
    # Workers find the calls by the name of this module and not as __main__.
    sys.path.insert(0, str(Path(__file__).parent))
    import scheduler

    scheduler.main()
