"""`fairaudit` at a terminal of its own, where a person answers its questions."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import pty
import select
import signal
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cli.forked import PRELOADED

INTERRUPT = "\x03"
WAIT = 60
AGAIN = 5
"""Seconds after which Ctrl-C is pressed again: one that comes between a prompt and its reading is not heard."""


def typed(arguments: Sequence[str], answers: Sequence[str], *, folder: Path) -> tuple[str, int]:
    """What the terminal showed, and the exit code.

    Args:
        arguments: of the command.
        answers: keys that are pressed at one question after the other.
        folder: the working folder.
    """
    person, terminal = pty.openpty()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_command, args=(tuple(arguments), os.ttyname(terminal), str(folder)))
    process.start()
    shown, left, pressed = b"", list(answers), ""
    while not (shown and process.exitcode is not None and not select.select([person], [], [], 0)[0]):
        for _ in range(WAIT // AGAIN):
            if select.select([person], [], [], AGAIN)[0]:
                break
            if pressed == INTERRUPT:
                os.write(person, pressed.encode())
        else:
            process.kill()
            raise AssertionError(f"nothing happens after {shown.decode()!r}")
        shown += os.read(person, 4096)
        if left and shown.endswith(b"]: "):
            time.sleep(0.1)  # as a person would, so that it is being read
            pressed = left.pop(0)
            os.write(person, pressed.encode())
        if not select.select([person], [], [], 0.05)[0]:
            process.join(0.05)
    os.close(person)
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n"), process.exitcode


def _command(arguments, terminal, folder):
    """What the process at the terminal does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server is deaf to it
    os.setsid()
    line = os.open(terminal, os.O_RDWR)
    fcntl.ioctl(line, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(line, descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.update(TERM="dumb", NO_COLOR="1", COLUMNS="80")
    os.chdir(folder)
    sys.argv = ["fairaudit", *arguments]
    from fairaudit.__main__ import main

    main()
