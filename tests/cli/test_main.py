"""The entry point: every command is there, and whatever ends one gives an exit code and a line, not a traceback."""

import signal
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from fairaudit.cli import main
from fairaudit.cli.terminal import interrupt
from fairaudit.errors import DataError
from fairaudit.version import __version__

CLI = Path(main.__file__).parent
NOT_COMMANDS = {"__init__", "__main__", "main", "shared", "checked", "settings", "fairness_settings"}
RENAMED = {"report": "render"}


@pytest.fixture(autouse=True)
def as_found():
    """Signal handlers and what is remembered of interrupts, as they were."""
    kept = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, kept)
    interrupt._seen.clear()
    interrupt._said.clear()


def ended(monkeypatch, action):
    """The exit code with which `run` ends where a command does this."""
    monkeypatch.setattr(main, "app", action)
    with pytest.raises(SystemExit) as stopped:
        main.run()
    return stopped.value.code


def raising(error):
    def action():
        raise error

    return action


def test_every_file_of_a_command_is_one_and_has_its_name():
    files = {path.stem for path in CLI.glob("*.py")} - NOT_COMMANDS
    named = {RENAMED.get(name, name.replace("_", "-")) for name in files}
    assert set(get_command(main.app).commands) == named


def test_the_version_is_the_packages():
    answer = CliRunner().invoke(main.app, ["--version"])
    assert (answer.exit_code, answer.stdout) == (0, f"{__version__}\n")


def test_without_a_command_the_help_is_shown_with_every_exit_code():
    answer = CliRunner().invoke(main.app, [])
    assert "Usage" in answer.output
    for code in ("0 pass", "2 bad input", "3 gate failed", "4 inconclusive", "130 interrupted"):
        assert code in " ".join(answer.output.split())


@pytest.mark.parametrize("code", [0, 3, 4])
def test_a_commands_own_exit_code_is_kept(monkeypatch, code):
    assert ended(monkeypatch, raising(SystemExit(code))) == code


def test_an_expected_error_outside_a_command_is_one_paragraph_and_bad_input(monkeypatch, capsys):
    assert ended(monkeypatch, raising(DataError("The table is empty", where="faces.csv"))) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: The table is empty")
    assert "Where: faces.csv" in said


def test_an_error_of_the_system_is_told_too(monkeypatch, capsys):
    assert ended(monkeypatch, raising(OSError(28, "No space left on device", "out"))) == 2
    assert "No space left on device" in capsys.readouterr().err


def test_a_flaw_of_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(main, "app", raising(KeyError("ours")))
    with pytest.raises(KeyError, match="ours"):
        main.run()


def test_an_interrupt_ends_with_130(monkeypatch, capsys):
    assert ended(monkeypatch, raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "Interrupted. Run the same command again to start over.\n"


def test_an_interrupt_that_a_library_swallowed_ends_with_130_all_the_same(monkeypatch, capsys):
    """As where it comes while the library is imported, and the command then ends with the library's error."""

    def action():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise SystemExit(2)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert ended(monkeypatch, action) == 130
    assert "Interrupted." in capsys.readouterr().err
