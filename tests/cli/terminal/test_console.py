import io
import os
import pty
import re
import subprocess
import sys
import textwrap

import pytest
from rich.console import Console
from rich.progress import Progress

from fairaudit.cli.terminal import console
from fairaudit.errors import DataError, ExitCode


def test_an_error_is_one_wrapped_paragraph_on_stderr(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    path = "/data/" + "folder/" * 12 + "faces.csv"
    error = DataError("A column is missing", wanted="smiling", where=path, advice="Name the target with --target.")
    assert console.fail(error) == ExitCode.BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: A column is missing. Wanted: smiling.")
    assert path in err  # whole, so that it can be copied
    assert all(len(line) <= 60 for line in err.splitlines() if path not in line)
    assert " ".join(err.split()) == f"Error: {error.paragraph()}"


def test_text_from_data_cannot_steer_the_terminal(capsys):
    console.say("\x1b[2Jgone\nnext")
    console.fail(DataError("bad \x1b[31m name"))
    assert "\x1b" not in capsys.readouterr().err


def test_quiet_says_nothing(capsys):
    with console.progress_display(quiet=True) as progress, progress.task("Auditing", total=10) as advance:
        advance(10, 10, False)
        progress.note("something")
    assert capsys.readouterr() == ("", "")


def test_a_log_gets_a_line_at_start_and_end_and_none_between(capsys):
    with console.progress_display(quiet=False) as progress:
        with progress.task("Auditing biased", total=1200) as advance:
            advance(200, 1200, True)
            for done in range(300, 1201, 100):
                advance(done, 1200, False)
        progress.note("one note")
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "Auditing biased: 1,200 to do"
    assert lines[1] == "Auditing biased: 200 of 1,200 (17 %) from an earlier run"
    assert re.fullmatch(r"Auditing biased: 1,200 of 1,200 \(100 %\), [\d,.]+/s, 0:00 left", lines[2])
    assert lines[3:] == ["one note"]


def test_the_pace_leaves_out_what_an_earlier_run_did():
    now = [100.0]
    pace = console.Pace(clock=lambda: now[0])
    assert pace.in_words() == ""
    pace.update(800, 1000, True)
    assert pace.in_words() == ""
    now[0] = 104.0
    pace.update(850, 1000, False)  # 50 in 4 s, 150 left at 12.5/s
    assert pace.in_words() == "12/s, 0:12 left"
    now[0] = 200.0
    pace.update(851, 1000, False)
    assert pace.in_words().startswith("0.5/s, 4:")


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_is_for_terminals_that_want_it(monkeypatch, environment, expected):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert console.wants_color() is False
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert console.wants_color() is expected


def test_a_terminal_gets_a_bar_with_rate_and_time_left():
    code = textwrap.dedent("""
        import time
        from fairaudit.cli.terminal.console import progress_display
        with progress_display(quiet=False) as progress:
            with progress.task("Auditing [bold]x", total=100) as advance:
                for done in range(10, 101, 10):
                    time.sleep(0.01)
                    advance(done, 100, False)
            progress.note("a [red]note")
    """)
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}
    child = subprocess.Popen([sys.executable, "-c", code], stderr=slave, stdout=subprocess.PIPE, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        shown += block
    os.close(master)
    assert child.wait() == 0
    assert child.stdout.read() == b""
    child.stdout.close()
    text = shown.decode()
    assert "Auditing [bold]x" in text
    assert "a [red]note" in text
    assert "100/100" in text
    assert re.search(r"\d+/s, 0:00 left", text)
    assert not re.search(r"\x1b\[[0-9;]*3\dm", text)  # no colour: NO_COLOR is set


def test_nothing_moves_while_stdout_is_written():
    """What stands on the terminal stays there once; bars of later steps come below the answer."""
    bars = Progress(console=Console(file=io.StringIO(), force_terminal=True, width=80))
    with bars:
        display = console._Bars(bars)
        with display.task("Auditing", total=1) as advance:
            advance(1, 1, False)
        with display.still():
            assert not bars.live.is_started
            assert bars.task_ids == []
        assert bars.live.is_started
        with display.task("Drawing figures", total=1):
            assert len(bars.task_ids) == 1


def test_nothing_heavy_is_imported():
    code = (
        "import sys, fairaudit.cli.terminal.console; assert not {'torch', 'numpy', 'rich', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
