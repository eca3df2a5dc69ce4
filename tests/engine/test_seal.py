"""The secret below the run store: made once, readable by its user alone, and never in the way."""

from __future__ import annotations

import stat
import threading

import pytest

from fairaudit.engine.seal import seal, secret, writer


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("FAIRAUDIT_STORE_KEY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_it_is_made_once_and_only_its_user_can_read_it(home):
    found = secret()
    assert (len(found), secret()) == (32, found)
    files = list((home / "fairaudit").iterdir())
    assert [file.name for file in files] == ["store.key"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_processes_that_begin_at_once_agree(home):
    found: set[bytes] = set()
    threads = [threading.Thread(target=lambda: found.add(secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {secret()}


def test_a_given_secret_wins_and_no_place_to_write_is_no_error(home, monkeypatch):
    monkeypatch.setenv("FAIRAUDIT_STORE_KEY", "a shared one")
    given = secret()
    assert len(given) == 32
    assert not (home / "fairaudit").exists()
    monkeypatch.delenv("FAIRAUDIT_STORE_KEY")
    (home / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "file"))
    assert secret() == b""
    assert writer(b"") == "no secret"


def test_the_seal_depends_on_the_secret_and_on_the_content():
    assert len({seal(b"a", b"x"), seal(b"b", b"x"), seal(b"a", b"y"), seal(b"", b"x")}) == 4
    assert writer(b"a") != writer(b"b")
