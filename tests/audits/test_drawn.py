"""Figures on which single images can be seen are left out when they are not wanted."""

from __future__ import annotations

import os
import stat

from fairaudit.audits.core.report.drawn import drawn
from fairaudit.audits.core.stream.audit import Drawing


def test_photographs_are_left_out_and_those_of_an_earlier_run_go(tmp_path):
    drawings = [
        Drawing(name="gaps.png", caption="Gaps.", draw=lambda: b"gaps"),
        Drawing(name="faces.png", caption="Faces.", draw=lambda: b"faces", photographs=True),
    ]
    figures = drawn(drawings, tmp_path)
    assert [(figure.file, figure.photographs) for figure in figures] == [
        ("figures/gaps.png", False),
        ("figures/faces.png", True),
    ]
    figures = drawn(drawings, tmp_path, photographs=False)
    assert [figure.file for figure in figures] == ["figures/gaps.png"]
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["gaps.png"]


def test_figures_are_no_more_open_than_the_umask_allows(tmp_path):
    before = os.umask(0o077)
    try:
        drawn([Drawing(name="gaps.png", caption="Gaps.", draw=lambda: b"gaps")], tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "figures" / "gaps.png").stat().st_mode) == 0o600
