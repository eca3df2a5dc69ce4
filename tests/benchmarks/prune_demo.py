"""What pruning does to the demonstration's biased model, leg by leg, over several seeds, as a Markdown table.

    python tests/benchmarks/prune_demo.py --seeds 0 1 2 --out prune-demo

For every seed: `fairaudit demo --seed S` unless its folder is there, then `fairaudit prune` with γ = 0 and magnitude
pruning audited as fully, and the table from the reports. About a quarter of an hour a seed on two quiet cores with the
defaults here; the options after `--` go to `fairaudit prune`, such as `-- --limit 200 --epochs 3 --levels 8`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

PRUNE = ("prune", "biased.pt", "--attribute", "necktie", "--roi", "necktie", "--fit-split", "split=balanced")
CONTROLS = ("--controls", "gamma 0,magnitude", "--audit-controls", "all", "--fail-on", "never")
COLUMNS = {
    "mean accuracy of cells": ("leg_accuracy", "{}"),
    "outcome gap": ("leg_outcome", "{}"),
    "relevance, LRP": ("leg_lift", "{}, lrp"),
    "relevance, IG": ("leg_lift", "{}, integrated_gradients"),
    "causal excess": ("leg_effect", "{}"),
    "linear probe": ("bias_accuracy_linear", "{}"),
    "MLP probe": ("bias_accuracy_mlp", "{}"),
}
"""Column → metric and what its method is called, with a place for the model's name."""
MODELS = {"unpruned": "vanilla", "**γ = 10**": "ffw gamma 10", "γ = 0": "gamma 0", "magnitude": "magnitude"}


def pruned(folder: Path, seed: int, more: list[str]) -> dict:
    """The report of one seed; what is there already is not made again."""
    demo = folder / f"demo-{seed}"
    if not (demo / "biased.pt").is_file():
        _fairaudit("demo", "--seed", str(seed), "-o", str(demo))
    report = demo / "prune" / "report.json"
    if not report.is_file():
        _fairaudit(*PRUNE, *CONTROLS, "-o", "prune", *more, cwd=demo)
    return json.loads(report.read_text(encoding="utf-8"))


def table(reports: list[dict]) -> str:
    """A row per model: every seed's number with its interval, the seeds one under the other."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "| --- " * (len(COLUMNS) + 1) + "|"]
    for shown, name in MODELS.items():
        cells = ["<br>".join(cell(report, metric, method.format(name)) for report in reports) for metric, method in
                 COLUMNS.values()]  # fmt: skip
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(report: dict, metric: str, method: str) -> str:
    """One number with its interval; a dash where it is not in the report."""
    for m in report["measurements"]:
        if (m["audit"], m["metric"], m["method"], m["group"]) == ("prune", metric, method, None):
            return "–" if m["value"] is None else f"{m['value']:.2f} [{m['low']:.2f}, {m['high']:.2f}]"
    return "–"


def _fairaudit(*arguments: str, cwd: Path | None = None) -> None:
    done = subprocess.run([sys.executable, "-m", "fairaudit", *arguments], cwd=cwd, check=False, stdout=subprocess.PIPE)
    if done.returncode not in (0, 3, 4):  # the demonstration's gate may fail: that is its point
        raise SystemExit(f"fairaudit {' '.join(arguments)} ended with {done.returncode}")


def main(arguments: list[str]) -> int:
    """Read the options, prune every seed, print the table."""
    own, more = arguments, []
    if "--" in arguments:
        own, more = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("prune-demo"), metavar="FOLDER")
    options = parser.parse_args(own)
    options.out.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(table([pruned(options.out.resolve(), seed, more) for seed in options.seeds]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
