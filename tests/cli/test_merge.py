"""Parts of a run over many models, put together: the bytes of one run, and nothing with a gap or an overlap."""

from __future__ import annotations

import json
import shutil
import signal
import time

import numpy as np
import pytest

from tests.cli.several_models import FAST, files, make_zoo


@pytest.fixture(scope="module")
def parts(make_lab, tmp_path_factory):
    """A folder with a whole run and its two parts."""
    lab = make_lab(tmp_path_factory.mktemp("parts"), 24)
    make_zoo(lab, 3)
    codes = [lab.run("fairness", "zoo", "-o", "whole", *FAST).code]
    codes += [lab.run("fairness", "zoo", "-o", f"part{i}", "--shard", f"{i}/2", *FAST).code for i in (1, 2)]
    return lab, codes


@pytest.fixture
def lab_with_parts(parts, tmp_path):
    """A copy that a test may change."""
    lab, _ = parts
    shutil.copytree(lab.folder, tmp_path / "copy")
    return type(lab)(folder=tmp_path / "copy")


def test_parts_come_together_as_one_run(parts):
    lab, codes = parts
    done = lab.run("merge", "part2", "part1", "-o", "merged")
    assert files(lab.folder / "merged") == files(lab.folder / "whole")
    assert done.code == codes[0]
    assert done.out.startswith("4 models, worst first: ")


def test_a_part_that_is_missing_or_there_twice(parts):
    lab, _ = parts
    lab.run("merge", "part1", "-o", "m").refused("Parts are missing", "no part 2 of 2")
    lab.run("merge", "part1", "part2", "part1/../part2", "-o", "m").refused("more than once")
    lab.run("merge", "part1", "whole", "-o", "m").refused("shard.json")
    lab.run("merge", "part1", "part2", "-o", "part1").refused("one of them")
    assert not (lab.folder / "m").exists()


def test_a_part_that_was_interrupted(lab_with_parts):
    path = lab_with_parts.folder / "part1" / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    lost = summary["models"].pop()["model"]
    path.write_text(json.dumps(summary), encoding="utf-8")
    lab_with_parts.run("merge", "part1", "part2", "-o", "m").refused("1 of 4 models are missing", lost)


def test_a_part_of_other_data_or_other_settings(lab_with_parts):
    lab = lab_with_parts
    rows = lab.rows()
    lab.write_rows([*rows[:-2], *({**row, "group": "a"} for row in rows[-2:])])
    lab.run("fairness", "zoo", "-o", "part2", "--shard", "2/2", *FAST)
    lab.run("merge", "part1", "part2", "-o", "m").refused("other data, settings or versions")


def test_a_row_that_its_report_does_not_bear_out(lab_with_parts):
    path = lab_with_parts.folder / "part2" / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    row = next(row for row in summary["models"] if row["report"])
    row.update(gate="pass", exit_code=0)
    path.write_text(json.dumps(summary), encoding="utf-8")
    lab_with_parts.run("merge", "part1", "part2", "-o", "m").refused("does not agree with its report")


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "-1/2", "1/0", "1/2/3"])
def test_a_shard_that_cannot_be_read(lab, text):
    lab.run("fairness", "model.pt", f"--shard={text}").refused("--shard", "such as 3/8")


def test_a_part_without_a_model_is_a_part(lab):
    for index in (1, 2):
        lab.run("fairness", "model.pt", "-o", f"p{index}", "--shard", f"{index}/2", *FAST)
    done = lab.run("merge", "p1", "p2", "-o", "m")
    assert "1 model," in done.out
    assert (lab.folder / "m" / "model" / "report.json").is_file()


@pytest.mark.slow
def test_a_part_killed_at_a_random_moment_goes_on(make_lab, tmp_path):
    lab = make_lab(tmp_path, 400)
    make_zoo(lab, count=2)
    lab.run("fairness", "zoo", "-o", "whole", *FAST)
    draw = np.random.default_rng(11)
    process = lab.start("fairness", "zoo", "-o", "part1", "--shard", "1/2", *FAST, "--quiet")
    while not (lab.folder / "part1" / "shard.json").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(draw.uniform(0.0, 1.5))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for index in (1, 2):
        lab.run("fairness", "zoo", "-o", f"part{index}", "--shard", f"{index}/2", *FAST)
    lab.run("merge", "part1", "part2", "-o", "merged")
    assert files(lab.folder / "merged") == files(lab.folder / "whole")
