"""`fairaudit` as a process of its own that has everything imported already: importing takes longer than most audits.

Processes are forked from one server, which has computed nothing. Of a process started anew they differ in that alone:
signals, streams, exit codes and what survives a kill are the same.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from multiprocessing.connection import wait
from pathlib import Path

PRELOADED = [
    "tests.cli.forked",
    "fairaudit.cli.main",
    "fairaudit.cli.launch.audits",
    "fairaudit.audits.joint.verdict",
    "fairaudit.audits.generator",
    "fairaudit.report.html",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
]


class Forked:
    """What the tests use of `subprocess.Popen`; a stream is a file, read when the process has ended."""

    def __init__(self, arguments: tuple[str, ...], *, folder: Path, env: dict[str, str], file_size: int | None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._streams = tempfile.mkdtemp()
        weakref.finalize(self, shutil.rmtree, self._streams, ignore_errors=True)
        self._process = context.Process(
            target=_command, args=(arguments, str(folder), self._streams, env, file_size), daemon=False
        )
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, sign: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sign)

    def wait(self, timeout: float | None = None) -> int:
        if not wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired("fairaudit", timeout)
        self._process.join()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        out, err = (Path(self._streams, name).read_text(encoding="utf-8") for name in ("out", "err"))
        return out, err


def _command(arguments, folder, streams, env, file_size):
    """What the forked process does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server is deaf to it
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(streams, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.argv = ["fairaudit", *arguments]
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    from fairaudit.__main__ import main

    main()
