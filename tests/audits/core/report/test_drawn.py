"""Figures on which single images can be seen are left out when they are not wanted."""

from __future__ import annotations

import gc
import io
import os
import stat

import pytest
from PIL import Image

from fairaudit.audits.core.report.drawn import drawn
from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.report.figures.style import new_figure, png


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


def size_of_a_figure():
    with Image.open(io.BytesIO(png(new_figure(2, 1)))) as picture:
        return picture.size


def test_here_a_figure_is_one_pixel():
    """The tests of commands are quick for that reason; whatever makes figures must take them from `style`."""
    assert size_of_a_figure() == (1, 1)


@pytest.mark.drawn
def test_where_it_is_looked_at_it_is_rendered():
    assert size_of_a_figure() == (320, 160)


@pytest.mark.drawn
def test_older_objects_are_looked_at_again_after_drawing(tmp_path):
    def fail() -> bytes:
        assert gc.get_freeze_count()
        raise ValueError("no picture")

    before = gc.get_freeze_count()
    with pytest.raises(ValueError, match="no picture"):
        drawn([Drawing(name="a.png", caption="c", draw=fail)], tmp_path)
    assert gc.get_freeze_count() <= before  # what the test process had frozen, less what has gone since; else none


def test_figures_of_names_that_look_alike_get_files_of_their_own(tmp_path):
    pictures = [Drawing(name=name, caption=name, draw=lambda name=name: name.encode()) for name in ("a.png", "A.png")]
    found = drawn([*pictures, pictures[0]], tmp_path)
    assert [figure.file for figure in found] == ["figures/a.png", "figures/A-2.png", "figures/a-3.png"]
    assert [(tmp_path / figure.file).read_text() for figure in found] == ["a.png", "A.png", "a.png"]


def test_a_figures_name_cannot_lead_out_of_the_folder(tmp_path):
    with pytest.raises(ValueError, match="not a file name"):
        drawn([Drawing(name="power-/../../evil.png", caption="", draw=lambda: b"")], tmp_path / "out")
    assert not list(tmp_path.rglob("*.png"))
