"""Run stores lie beside the report folder, are ignored by git, and those of earlier versions are found."""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fairaudit.engine.part import Part
from fairaudit.engine.place import ready_store, store_file, stores_of, working_folder
from fairaudit.engine.store import RunStore

KEY = {"model": "a"}


def filled(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, {"part": Part(columns={"row": np.arange(3)})})
    return path


def chunks(path):
    with RunStore.open(path, key=KEY) as store:
        return store.done()


def test_it_is_beside_the_folder_and_that_of_one_model_of_several_too(tmp_path):
    out = tmp_path / "out"
    assert store_file(out, output=out) == tmp_path / ".fairaudit" / "out" / "run.sqlite"
    assert store_file(out / "m1", output=out) == tmp_path / ".fairaudit" / "out" / "m1" / "run.sqlite"
    assert store_file(tmp_path / "other", output=out) == tmp_path / ".fairaudit" / "other" / "run.sqlite"


def test_relative_absolute_and_linked_folders_have_one_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    found = {
        store_file(path, output=path) for path in (Path("out"), tmp_path / "out", Path("link"), Path("./out/../out"))
    }
    assert len(found) == 1


@pytest.mark.parametrize("kind", ["mounted", "parent not writable", "root"])
def test_it_is_inside_where_beside_does_not_last(tmp_path, monkeypatch, kind):
    out = Path("/") if kind == "root" else tmp_path / "out"
    if kind == "mounted":
        monkeypatch.setattr(Path, "is_mount", lambda self: self.name == "out")
    if kind == "parent not writable":
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
    assert working_folder(out) == out / ".fairaudit"


def test_git_ignores_it(tmp_path):
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    subprocess.run([git, "init", "-q", str(tmp_path)], check=True)
    filled(ready_store(tmp_path / "out", output=tmp_path / "out"))
    status = [git, "-C", str(tmp_path), "status", "--porcelain"]
    assert subprocess.run(status, check=True, capture_output=True, text=True).stdout == ""


def test_a_store_of_an_earlier_version_is_moved_and_continued(tmp_path):
    out = tmp_path / "out"
    earlier = filled(out / "run.sqlite")
    path = ready_store(out, output=out)
    assert path == store_file(out, output=out)
    assert chunks(path) == {0}
    assert [file.name for file in out.iterdir()] == []
    assert not earlier.exists()


def test_one_that_is_in_use_is_used_where_it_lies(tmp_path):
    out = tmp_path / "out"
    earlier = filled(out / "run.sqlite")
    with RunStore.open(earlier, key=KEY):
        assert ready_store(out, output=out) == earlier
    assert chunks(earlier) == {0}


def test_a_newer_store_is_not_replaced_and_a_file_of_others_is_left_alone(tmp_path):
    out = tmp_path / "out"
    newer = filled(ready_store(out, output=out))
    with RunStore.open(out / "run.sqlite", key={"model": "b"}):
        pass
    assert ready_store(out, output=out) == newer
    assert (out / "run.sqlite").is_file()
    theirs = tmp_path / "theirs" / "run.sqlite"
    theirs.parent.mkdir()
    with sqlite3.connect(theirs) as connection:
        connection.execute("CREATE TABLE mine (text TEXT)")
    connection.close()
    content = theirs.read_bytes()
    assert ready_store(theirs.parent, output=theirs.parent) == store_file(theirs.parent, output=theirs.parent)
    assert theirs.read_bytes() == content


def test_the_stores_of_a_report_are_looked_for_in_every_place(tmp_path):
    zoo = tmp_path / "zoo"
    found = set(stores_of(zoo / "m1"))
    alone, of_several = (store_file(zoo / "m1", output=output) for output in (zoo / "m1", zoo))
    assert {alone, of_several, zoo / "m1" / "run.sqlite", zoo / "run.sqlite"} <= found
