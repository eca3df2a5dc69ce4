"""Drafts of killed writers make room; drafts of writers at work, and what is no draft, are left alone."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from fairaudit.results import draft as module
from fairaudit.results.draft import draft
from fairaudit.results.strict_json import write_bytes


def killed_while_writing(path, content=b"half"):
    """The draft that a process leaves which is killed before the draft takes its name."""
    child = os.fork()
    if not child:
        _, handle = draft(path)
        os.write(handle, content)
        os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    (left,) = set(path.parent.iterdir()) - {path}
    assert left.read_bytes() == content
    return left


def test_what_a_killed_writer_left_is_written_over_and_gone(tmp_path):
    path = tmp_path / "report.csv"
    killed_while_writing(path)
    write_bytes(path, b"whole")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"whole"


def test_killed_time_and_again_leaves_one_draft_and_none_at_the_end(tmp_path):
    path = tmp_path / ("long" * 60)
    write_bytes(path, b"old")
    assert len({killed_while_writing(path, content) for content in (b"1", b"22", b"")}) == 1
    assert path.read_bytes() == b"old"
    write_bytes(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a" * 255, "面" * 85, "😀" * 63])
def test_a_name_as_long_as_names_can_be_has_a_draft(tmp_path, name):
    write_bytes(tmp_path / name, b"whole")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_draft_that_another_writes_is_left_alone(tmp_path):
    path = tmp_path / "a"
    own, handle = draft(path)
    os.write(handle, b"mine")
    write_bytes(path, b"theirs")
    assert path.read_bytes() == b"theirs"
    assert own.read_bytes() == b"mine"
    own.replace(path)
    os.close(handle)
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_is_no_file_is_not_touched(tmp_path, kind):
    path, other = tmp_path / "out" / "a", tmp_path / "other"
    other.write_bytes(b"precious")
    path.parent.mkdir()
    own, handle = draft(path)
    os.close(handle)
    own.unlink()
    {"folder": own.mkdir, "link": lambda: own.symlink_to(other), "pipe": lambda: os.mkfifo(own)}[kind]()
    write_bytes(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert set(path.parent.iterdir()) == {path, own}
    assert other.read_bytes() == b"precious"


def test_without_locks_nothing_is_taken_for_left_behind(tmp_path, monkeypatch):
    path = tmp_path / "a"
    left = killed_while_writing(path)

    def unknown(_handle, _how):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(module.fcntl, "flock", unknown)
    write_bytes(path, b"whole")
    assert set(tmp_path.iterdir()) == {path, left}
    monkeypatch.setattr(module, "fcntl", None)
    write_bytes(path, b"again")
    assert (path.read_bytes(), left.read_bytes()) == (b"again", b"half")


def test_a_draft_taken_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    path, real, seen = tmp_path / "a", module._held, []

    def late(own, handle):
        if not seen:
            seen.append(module._abandoned(own))
        return real(own, handle)

    monkeypatch.setattr(module, "_held", late)
    write_bytes(path, b"whole")
    assert seen == [True]
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_that_takes_its_name_while_it_is_looked_at_takes_no_other_with_it(tmp_path, monkeypatch):
    """Opened, then renamed by its writer, and a third process has begun another draft of the same name."""
    path, real = tmp_path / "a", module.fcntl.flock
    own, handle = draft(path)
    os.close(handle)

    def late(opened, how):
        own.replace(path)
        own.write_bytes(b"another's")
        return real(opened, how)

    monkeypatch.setattr(module.fcntl, "flock", late)
    assert module._abandoned(own)
    assert own.read_bytes() == b"another's"


def test_many_writers_of_one_file_each_write_it_whole(tmp_path):
    path, failed = tmp_path / "a", []

    def write(mark):
        try:
            for _ in range(40):
                write_bytes(path, mark * 5000)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(mark,)) for mark in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert path.read_bytes() in {mark * 5000 for mark in (b"a", b"b", b"c", b"d")}
    assert list(tmp_path.iterdir()) == [path]
