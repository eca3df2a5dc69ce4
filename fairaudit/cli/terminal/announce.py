"""What a CI system reads beside the files: annotations on stderr, and the job summary where one is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.terminal.console import say
from fairaudit.cli.terminal.streams import tell

if TYPE_CHECKING:
    from fairaudit.results.report import Report

SUMMARY = "GITHUB_STEP_SUMMARY"
"""Environment variable with the file that GitHub shows as the job's summary."""


def announce(reports: Sequence[Report], formats: Sequence[str]) -> None:
    """With `--format github`: annotations, and the summary at the end of GitHub's file where the job has one.

    GitHub reads workflow commands from stderr as well as from stdout, so stdout stays data. A summary that cannot be
    written is reported and changes no exit code.
    """
    if "github" not in formats or not reports:
        return
    from fairaudit.report.formats.github import commands, summary

    lines = commands(reports)
    if lines:
        tell(lines.rstrip("\n"))
    path = os.environ.get(SUMMARY)
    if path:
        try:
            with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(summary(reports))
        except (OSError, ValueError) as error:
            say(f"The job summary could not be written: {getattr(error, 'strerror', None) or error}")
