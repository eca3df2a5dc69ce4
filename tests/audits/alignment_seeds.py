"""Counterfactual alignment of smiling with the necktie, demonstration by demonstration. Run by hand.

    fairaudit demo --seed 1 -o demo-1
    python tests/audits/alignment_seeds.py demo-0 demo-1     # folders that `fairaudit demo` wrote; a generator is added

A row per folder: the biased model, the balanced one, the balanced one with 0.3 times a necktie classifier added, and
that one rectified, each with its interval and p value over the test faces. Exit code 1 where a sign or a significance
is not as planted. About ten minutes per folder on one core, most of them for the generator.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATOR = "alignment/generator"
PROBE = ("--train-probe", "necktie", "--probe-split", "balanced")
ALIGN = ("--generator", f"{GENERATOR}/generator.safetensors", *PROBE)
PLANTED = "smiling + 0.3*necktie"
KEEP = ("--keep", "biased.pt", "--keep", "balanced.pt")


def main() -> int:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, help="audited faces (default: all)")
    options = parser.parse_args()
    limit = ["--limit", str(options.limit)] if options.limit else []
    say("| demo | biased | balanced | balanced + 0.3·necktie | rectified |\n| --- | --- | --- | --- | --- |")
    right = True
    for folder in options.folders:
        if not (folder / GENERATOR / "generator.safetensors").is_file():
            fairaudit(folder, "generator", "train", "--split", "split=balanced", *KEEP, "-o", GENERATOR)
        found = [
            aligned(folder, "biased", "biased.pt", limit),
            aligned(folder, "balanced", "balanced.pt", limit),
            aligned(folder, "planted", "balanced.pt", [*limit, "--base", PLANTED]),
        ]
        rectify = ("cf-rectify", "balanced.pt", "--base", PLANTED, "--other", "necktie")
        fairaudit(folder, *rectify, *ALIGN, *limit, "-q", "-o", "alignment/rectified")
        found.append(aligned(folder, "after", "alignment/rectified/rectified-balanced.pt", limit))
        say(f"| {folder.name} | " + " | ".join(cell(m) for m in found) + " |")
        signs = [m["p_value"] < 0.05 and m["value"] > 0 for m in found]
        right &= signs == [True, False, True, False]
    return 0 if right else 1


def aligned(folder: Path, name: str, model: str, more: list[str]) -> dict:
    """Relative change of the necktie's score with the smile's."""
    out = f"alignment/{name}"
    found = fairaudit(folder, "cf-align", model, *ALIGN, *more, "-q", "--json", "--examples", "1", "-o", out)
    rows = json.loads(found)["measurements"]
    return next(m for m in rows if m["metric"] == "relative_change" and m["attribute"] == "necktie")


def cell(m: dict) -> str:
    """Value, interval, p and the faces that have a relative change."""
    return f"{m['value']:.3f} [{m['low']:.3f}, {m['high']:.3f}], p = {m['p_value']:.2g} ({m['n']})"


def fairaudit(folder: Path, *arguments: str) -> str:
    """Run in the demonstration's folder; its standard output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "fairaudit", *arguments]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment)
    if done.returncode not in (0, 3, 4):
        raise SystemExit(f"fairaudit {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def say(line: str) -> None:
    """Print a line at once: what follows takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
