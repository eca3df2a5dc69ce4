"""Interrupts: what is said of the folder is true, and a library's own error does not hide one."""

import pytest
import typer

from fairaudit.cli.shared import guarded
from fairaudit.cli.terminal import interrupt


def interrupted():
    raise KeyboardInterrupt


def hidden():
    try:
        interrupt._remember(2, None)
    except KeyboardInterrupt:
        raise ImportError("numpy.core.multiarray failed to import") from None


@pytest.fixture(autouse=True)
def forget():
    yield
    interrupt._seen.clear()
    interrupt._said.clear()


@pytest.mark.parametrize("action", [interrupted, hidden])
@pytest.mark.parametrize("state", ["missing", "empty", "begun"])
def test_only_what_exists_is_said_to_be_kept(tmp_path, capsys, action, state):
    folder = tmp_path / "out"
    if state != "missing":
        folder.mkdir()
    if state == "begun":
        (folder / "run.sqlite").touch()
    with pytest.raises(typer.Exit) as stopped:
        guarded(action, folder)
    assert stopped.value.exit_code == 130
    err = capsys.readouterr().err
    assert ("kept in" in err) == (state == "begun")
    assert "Interrupted." in err


def test_a_command_without_a_folder(capsys):
    with pytest.raises(typer.Exit):
        guarded(interrupted)
    assert capsys.readouterr().err == "Interrupted. Run the same command again to start over.\n"
