"""The parts of the benchmark of exit codes that need no audit: its configuration, what it counts, its table."""

from pathlib import Path

import pytest
import yaml

from fairaudit.demo.make import CONFIG

PROGRAM = Path(__file__).parent / "benchmarks" / "exit_codes.py"


@pytest.fixture(scope="module")
def codes(script):
    return script(PROGRAM)


def row(question="bare", model="biased", seed=5, code=3, **verdicts):
    told = verdicts or {"necktie": ["unequal and for the wrong reason", "yes", "yes"]}
    return {
        "seed": seed,
        "model": model,
        "question": question,
        "code": code,
        "verdicts": told,
        "seconds": 60.0,
        "error": "",
    }


def test_what_a_users_own_folder_has_not_is_taken_out(codes):
    whole, bare = yaml.safe_load(CONFIG), yaml.safe_load(codes.bare(CONFIG))
    assert "gates" in whole
    assert "gates" not in bare
    assert "twins" not in bare["audit"]
    assert bare["data"] == whole["data"]
    assert bare["regions"] == whole["regions"]
    assert bare["audit"]["attribute"] == "necktie"


def test_right_codes_and_verdicts_are_counted(codes):
    cleared = {"necktie": ["no evidence", "no", "no"]}
    found = codes.table([row(), row(seed=6), row(model="balanced", code=0, **cleared)])
    assert "| bare | biased | 5, 6 | 3 in 2 of 2 | necktie: *unequal and for the wrong reason* in 2" in found
    assert "| bare | balanced | 5 | 0 in 1 of 1 | necktie: *no evidence* in 1, region used in 0, of 1 |" in found
    assert "- seed" not in found


def test_what_is_wrong_is_listed(codes):
    undecided = {"necktie": ["undecided", "open", "yes"]}
    found = codes.table([row(), row(seed=7, code=4, **undecided)])
    assert "3 in 1 of 2" in found
    assert "- seed 7, biased, bare: exit code 4, {'necktie': 'undecided'}" in found


def test_an_earlier_run_is_read(codes, tmp_path, capsys):
    assert codes.read(tmp_path) == []
    assert codes.main(["--read", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("| command | model |")
    assert codes.numbers_of("5-7") == [5, 6, 7]
    assert codes.numbers_of("2,4") == [2, 4]
