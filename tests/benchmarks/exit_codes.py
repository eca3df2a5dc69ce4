"""Does a bare `fairaudit audit` end with the right exit code? Demonstrations of several seeds, one process an audit.

    python tests/benchmarks/exit_codes.py --seeds 5-9 --out exit-codes

Per seed it draws the demonstration's faces and trains its two smile detectors as `fairaudit demo` does (smiles of the
biased one go with neckties), and takes from the configuration what a user's own has not: the gates, so that verdicts
alone decide, and the twins. Then it runs the real command in a process of its own, as a release pipeline would:

    fairaudit audit MODEL.pt
    fairaudit audit MODEL.pt --roi mouth --roi front --region-box front=0.30,0.45,0.70,1.0

The first asks about the necktie's own box. The second asks about places that hold what a smile is seen by: the mouth,
and a box of mouth and necktie. Results are appended to OUT/results.jsonl as they come, and OUT/table.md is written
anew after each; demonstrations stay in OUT, and audits that are in the results are not run again. `--read OUT` prints
the table of what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]

FRONT = "front=0.30,0.45,0.70,1.0"


class Question(NamedTuple):
    """One command, and what it has to say about a model."""

    name: str
    """In results and table."""
    arguments: tuple[str, ...]
    """After `fairaudit audit MODEL.pt`."""
    codes: Mapping[str, int]
    """Model → the exit code that is right."""
    verdicts: Mapping[str, Mapping[str, str]]
    """Model → region → the verdict that is right."""


WRONG_REASON, NOT_THIS, NOTHING = "unequal and for the wrong reason", "unequal, not by this cue", "no evidence"
QUESTIONS = (
    Question(
        name="bare",
        arguments=(),
        codes={"biased": 3, "balanced": 0},
        verdicts={"biased": {"necktie": WRONG_REASON}, "balanced": {"necktie": NOTHING}},
    ),
    Question(
        name="mouth and front",
        arguments=("--roi", "mouth", "--roi", "front", "--region-box", FRONT),
        codes={"biased": 3, "balanced": 0},
        verdicts={
            "biased": {"mouth": NOT_THIS, "front": WRONG_REASON},
            "balanced": {"mouth": NOTHING, "front": NOTHING},
        },
    ),
)


def bare(configuration: str) -> str:
    """A demonstration's configuration without its gates and without its twins.

    >>> bare("audit:\\n  attribute: necktie\\n  twins: {necktie: twin}\\n\\ngates:\\n  - {metric: x}\\n")
    'audit:\\n  attribute: necktie\\n'
    """
    lines = configuration.partition("\ngates:")[0].splitlines()
    return "\n".join(line for line in lines if not line.strip().startswith("twins:")).rstrip() + "\n"


def demonstration(folder: Path, *, seed: int) -> Path:
    """The demonstration of a seed, made unless it is there."""
    place = folder / f"demo-{seed}"
    if not (place / "bare.yaml").is_file():
        from fairaudit.demo.make import make_demo

        make_demo(place, seed=seed)
        text = (place / "fairaudit.yaml").read_text(encoding="utf-8")
        (place / "bare.yaml").write_text(bare(text), encoding="utf-8")
    return place


def asked(place: Path, model: str, question: Question, limit: int | None) -> Row:
    """Exit code, verdicts and time of one command."""
    output = place / f"report-{model}-{question.name.replace(' ', '-')}"
    command = [sys.executable, "-m", "fairaudit", "audit", f"{model}.pt", "--config", "bare.yaml"]
    command += [*question.arguments, "--quiet", "--format", "md", "-o", output.name]
    command += [] if limit is None else ["--limit", str(limit)]
    started = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    seconds = round(time.perf_counter() - started, 1)
    report = output / "report.json"
    told = json.loads(report.read_text(encoding="utf-8"))["verdicts"] if report.is_file() else []
    return {
        "model": model,
        "question": question.name,
        "code": done.returncode,
        "verdicts": {v["region"]: [v["verdict"], v["attribute_used"], v["region_used"]] for v in told},
        "seconds": seconds,
        "error": done.stderr[-400:] if done.returncode in (1, 2) else "",
    }


def table(rows: Sequence[Row]) -> str:
    """Exit codes and verdicts that are right, out of how many, as Markdown; what is not right is listed below."""
    lines = ["| command | model | seeds | exit code | verdicts | seconds |", "| --- | --- | --- | --- | --- | --- |"]
    wrong: list[str] = []
    for question in QUESTIONS:
        for model, code in question.codes.items():
            own = [row for row in rows if (row["question"], row["model"]) == (question.name, model)]
            if not own:
                continue
            right = sum(row["code"] == code for row in own)
            told = [f"{region}: {_right(own, question, model, region)}" for region in question.verdicts[model]]
            seconds = f"{min(row['seconds'] for row in own):.0f}–{max(row['seconds'] for row in own):.0f}"
            seeds = ", ".join(str(row["seed"]) for row in sorted(own, key=lambda row: row["seed"]))
            lines.append(
                f"| {question.name} | {model} | {seeds} | {code} in {right} of {len(own)} | {'; '.join(told)} | "
                f"{seconds} |"
            )
            wrong += _wrong(own, question, model)
    return "\n".join([*lines, "", *wrong]) + "\n"


def _right(rows: Sequence[Row], question: Question, model: str, region: str) -> str:
    wanted = question.verdicts[model][region]
    count = sum(row["verdicts"].get(region, [None])[0] == wanted for row in rows)
    used = sum(row["verdicts"].get(region, [None, None, None])[2] == "yes" for row in rows)
    return f"*{wanted}* in {count}, region used in {used}, of {len(rows)}"


def _wrong(rows: Sequence[Row], question: Question, model: str) -> Iterator[str]:
    for row in rows:
        verdicts = {region: found[0] for region, found in row["verdicts"].items()}
        if row["code"] != question.codes[model] or verdicts != question.verdicts[model]:
            yield f"- seed {row['seed']}, {model}, {question.name}: exit code {row['code']}, {verdicts} {row['error']}"


def numbers_of(text: str) -> list[int]:
    """0-4 or 0,2,5."""
    first, dash, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if dash else [int(part) for part in text.split(",")]


def read(folder: Path) -> list[Row]:
    """The rows of a results file; none where there is no such file."""
    results = folder / "results.jsonl"
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.is_file() else []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audits, or read what they said."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="5-9", help="5-9, or 0,3,5")
    parser.add_argument("--models", default="biased,balanced")
    parser.add_argument("--limit", type=int, help="faces to audit (default: all 1,000)")
    parser.add_argument("--out", type=Path, default=Path("exit-codes"))
    parser.add_argument("--read", type=Path, help="folder of an earlier run")
    options = parser.parse_args(arguments)
    if options.read:
        sys.stdout.write(table(read(options.read)))
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    rows = read(options.out)
    for question in QUESTIONS:
        for seed in numbers_of(options.seeds):
            place = demonstration(options.out, seed=seed)
            for model in options.models.split(","):
                if any((r["seed"], r["model"], r["question"]) == (seed, model, question.name) for r in rows):
                    continue
                rows.append({"seed": seed, **asked(place, model, question, options.limit)})
                with (options.out / "results.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
                (options.out / "table.md").write_text(table(rows), encoding="utf-8")
                sys.stderr.write(f"{rows[-1]}\n")
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
