"""Where the time of a whole audit goes, by part, and how much of it is not the passes over the user's images.

Run: python tests/benchmarks/audit_time.py --demo DIR [--rows 300 2000] [--tables]
DIR is a folder that `fairaudit demo` made. Every audit runs in a process of its own, on one thread, with the command
line that a user types; its functions are timed from outside by the processor time of the process, so that other work
on the machine does not count. Printed are the seconds of every part; then

- `whole / counted`: all processor time over that of the counted passes, the trial of the methods (passes over a sample
  of the images) and the passes over all of them (decoding, forward passes, maps, interventions), what `--dry-run`
  counts;
- `whole / passes`: over the passes over all images alone, which every image more costs again;
- `without imports`: the first ratio without the import of torch and the other libraries, which every command pays once;
- `answer`: processor time until the verdict is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = {
    "trial": ("fairaudit.audits.core.run", "_tried"),
    "passes": ("fairaudit.audits.core.run", "stream"),
    "measuring": ("fairaudit.audits.core.run", "measured"),
    "figures": ("fairaudit.audits.core.report.finish", "with_figures"),
    "writing": ("fairaudit.audits.core.report.finish", "write_report_folder"),
    "data": ("fairaudit.audits.core.run", "checked_material"),
    "model": ("fairaudit.audits.core.run", "open_classifier"),
}
"""Part → the module in which the function that it consists of is looked up, and the function."""


def timed(command: list[str]) -> dict[str, float]:
    """Processor seconds of every part of one command, run in this process; `answer` is the time until it is printed."""
    import time

    clock, spent = time.process_time, dict.fromkeys([*PARTS, "answer"], 0.0)
    import fairaudit.cli.launch.audits as launch
    from fairaudit.audits.joint import verdict  # noqa: F401 (what the command imports)

    imports = clock()

    def around(name: str, function):
        def wrapped(*args, **kwargs):
            begun = clock()
            try:
                return function(*args, **kwargs)
            finally:
                spent[name] += clock() - begun

        return wrapped

    for name, (module, function) in PARTS.items():
        home = sys.modules.get(module) or __import__(module, fromlist=[function])
        setattr(home, function, around(name, getattr(home, function)))
    printed = launch.print_tables

    def told(*args, **kwargs):
        printed(*args, **kwargs)
        spent["answer"] = clock()

    launch.print_tables = told
    from fairaudit.cli.main import run

    sys.argv = ["fairaudit", *command]
    try:
        run()
    except SystemExit as done:
        if done.code not in (0, 3, 4):
            raise
    return {"imports": imports, **spent, "whole": clock()}


def measured(command: list[str], folder: Path) -> dict[str, float]:
    """The same from a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, __file__, "--one", *command],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def audits(demo: Path, rows: list[int]) -> dict[str, dict[str, float]]:
    """A fresh audit for every number of rows, and the same again, with everything in the run store."""
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "demo"
        shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("report*"))
        text = (folder / "fairaudit.yaml").read_text(encoding="utf-8")
        for count in rows:
            use = "test" if count <= 1000 else "biased"  # the demo's test split has 1,000 images
            (folder / "fairaudit.yaml").write_text(text.replace("use: test", f"use: {use}"), encoding="utf-8")
            command = ["audit", "biased.pt", "--limit", str(count), "-o", f"out-{count}", "-q"]
            found[f"{count} images"] = measured(command, folder)
            found[f"{count} images, again"] = measured(command, folder)
    return found


def tables(demo: Path) -> dict[str, float]:
    """Processor seconds of the commands that need no torch, their second run: an installed package has byte code."""
    import resource

    import numpy as np

    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree(demo / "report", folder / "report")
        rows = [f"{n % 2},{(n // 3) % 2},{'ab'[n // 2 % 2]}" for n in range(2000)]
        (folder / "table.csv").write_text("\n".join(["y,d,group", *rows]) + "\n", encoding="utf-8")
        scores = np.random.default_rng(1).normal(np.where(np.arange(2000) % 2, 0.65, 0.35), 0.2).clip(0.001, 0.999)
        scored = [f"{n % 2},{score:.4f},{'ab'[n // 2 % 2]}" for n, score in enumerate(scores)]
        (folder / "scored.csv").write_text("\n".join(["y,s,group", *scored]) + "\n", encoding="utf-8")
        columns = ["--truth", "y", "--prediction", "d", "--attribute", "group"]
        by_score = ["--truth", "y", "--score", "s", "--attribute", "group"]
        commands = {
            "fairness --predictions, 2,000 rows": ["fairness", "--predictions", "table.csv", *columns, "-o", "out"],
            "the same with --format junit, without figures": ["fairness", "--predictions", "table.csv", *columns,
                                                              "-o", "out", "--format", "junit"],
            "the same with scores, seven figures": ["fairness", "--predictions", "scored.csv", *by_score, "-o", "out"],
            "render --format html": ["render", "report", "--format", "html"],
            "explain tpr": ["explain", "tpr"],
        }  # fmt: skip
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        for name, command in commands.items():
            for _ in range(2):
                for left in ("out", ".fairaudit"):
                    shutil.rmtree(folder / left, ignore_errors=True)
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(
                    [sys.executable, "-m", "fairaudit", *command],
                    cwd=folder, env=environment, capture_output=True, check=False,
                )  # fmt: skip
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                found[name] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found


def shown(found: dict[str, dict[str, float]]) -> str:
    """The table as Markdown."""
    names = ["imports", "data", "model", "trial", "passes", "measuring", "figures", "writing"]
    lines = [
        "| audit | "
        + " | ".join(names)
        + " | rest | whole | answer | whole / counted | whole / passes | without imports |"
    ]
    lines.append("| --- |" + " ---: |" * (len(names) + 6))
    for name, parts in found.items():
        known = sum(parts[part] for part in names)
        passes, whole = parts["passes"], parts["whole"]
        counted = passes + parts["trial"]
        ratios = [whole / counted, whole / passes, (whole - parts["imports"]) / counted]
        told = [f"{ratio:.2f}" for ratio in ratios] if passes > 1 else ["", "", ""]  # nothing was computed again
        seconds = [*(parts[part] for part in names), whole - known, whole, parts["answer"]]
        lines.append(f"| {name} | " + " | ".join([*(f"{value:.1f}" for value in seconds), *told]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or time one command for them."""
    if sys.argv[1:2] == ["--one"]:
        result = timed(sys.argv[2:])
        print(json.dumps(result))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, required=True, help="folder that `fairaudit demo` made")
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 2000])
    parser.add_argument("--tables", action="store_true", help="time the commands without torch instead")
    given = parser.parse_args()
    if given.tables:
        for name, seconds in tables(given.demo).items():
            print(f"| `{name}` | {seconds:.2f} |")
        return
    print(shown(audits(given.demo, given.rows)), flush=True)


if __name__ == "__main__":
    main()
