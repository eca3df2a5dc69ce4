"""Processes side by side: all answers, deaths as answers, and nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from fairaudit.engine.slots import Crashed, Work, side_by_side


def prepare(place):
    os.environ["SLOT"] = str(place)


def square(item):
    """The square, or the end of the process where the item says so."""
    if item == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "leave":
        os._exit(7)
    if item == "final":
        os._exit(2)
    if item == "raise":
        raise ValueError("no square")
    if isinstance(item, str):  # dies the first time
        try:
            os.close(os.open(item, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return "again"
        os._exit(9)
    return item * item


def place(_item):
    time.sleep(0.05)
    return os.environ["SLOT"]


WORK = Work(call=square, prepare=prepare, given=lambda number: (number,), final=lambda code: code == 2)


def test_answers_deaths_and_second_tries(tmp_path):
    items = [3, "kill", 4, "leave", str(tmp_path / "once"), "final", 5]
    found = dict(side_by_side(WORK, items, jobs=2))
    assert found == {
        0: 9, 1: Crashed(code=-signal.SIGKILL), 2: 16, 3: Crashed(code=7), 4: "again", 5: Crashed(code=2), 6: 25,
    }  # fmt: skip
    assert [found[i].reason for i in (1, 3)] == ["signal SIGKILL", "exit code 7"]
    assert not multiprocessing.active_children()


def test_every_death_is_told_as_it_was():
    """Pools' threads and every start of a process ask how others ended, which can be read once."""
    found = dict(side_by_side(WORK, ["kill"] * 16, jobs=4, tries=1))
    assert set(found.values()) == {Crashed(code=-signal.SIGKILL)}


def test_an_exception_ends_all_and_so_does_a_caller_that_stops_asking():
    with pytest.raises(ValueError, match="no square"):
        dict(side_by_side(WORK, ["raise", 2], jobs=1))
    answers = side_by_side(Work(call=place, prepare=prepare, given=lambda number: (number,)), range(6), jobs=2)
    assert next(answers)[1] in "01"
    answers.close()
    assert not multiprocessing.active_children()


def test_no_items_start_nothing():
    assert list(side_by_side(WORK, [], jobs=2)) == []


PROGRAM = """
import os, sys, time
from fairaudit.engine.slots import Work, side_by_side
def nothing(): pass
def sleep(path):
    with open(path, "w") as file: file.write(str(os.getpid()))
    time.sleep(60)
if __name__ == "__main__":
    list(side_by_side(Work(call=sleep, prepare=nothing, given=lambda n: ()), [sys.argv[1]], jobs=1))
"""


STAMPED = """
import os
STAMP = os.urandom(8)
def stamp(_item): return STAMP, os.environ["CHANGED"]
def nothing(): pass
"""
TWO = """
import os, stamped
from fairaudit.engine.slots import Work, side_by_side
if __name__ == "__main__":
    os.environ["CHANGED"] = "late"
    work = Work(call=stamped.stamp, prepare=stamped.nothing, given=lambda number: ())
    stamps, words = zip(*[answer for _, answer in side_by_side(work, range(2), jobs=2)])
    print(len({*stamps}), *words)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_what_they_do_is_imported_once_for_all_from_where_the_first_one_would_and_their_environment_is_of_now(tmp_path):
    code, here = tmp_path / "code", tmp_path / "here"
    for folder in (code, here):
        folder.mkdir()
    (code / "stamped.py").write_text(STAMPED)
    (code / "two.py").write_text(TWO)
    for name in ("multiprocessing", "random", "stamped"):
        (here / f"{name}.py").write_text("import os\nos.mkdir('ran')\n")
    known = os.pathsep.join([str(code), os.environ.get("PYTHONPATH", "")]).removesuffix(os.pathsep)
    done = subprocess.run(
        [sys.executable, str(code / "two.py")], cwd=here, env={**os.environ, "PYTHONPATH": known},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "1 late late\n", done.stderr
    assert not (here / "ran").exists()


def test_the_processes_end_with_the_one_that_started_them(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    told = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, str(tmp_path / "program.py"), str(told)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    child = int(told.read_text())
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the process outlived its parent"
        time.sleep(0.02)
