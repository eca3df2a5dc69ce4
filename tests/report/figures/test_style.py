import itertools
import subprocess
import sys

import pytest

from fairaudit.report.figures.style import SERIES, Margins, colors, literal, markers, new_figure, png, widest


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", SERIES)
def test_series_stand_out_from_white(color):
    assert 1.05 / (luminance(color) + 0.05) > 2


def test_no_two_of_many_series_look_the_same():
    looks = list(zip(colors(60), markers(60), strict=True))
    assert len(set(looks)) == 60
    assert all(a[1] != b[1] for a, b in itertools.combinations(looks[:8], 2))


def test_text_from_data_is_no_mathematics():
    assert literal("a$b$\x1b") == "a\\$b\\$\\x1b"
    assert len(literal("x" * 999)) == 120


def test_no_global_state_is_touched():
    code = (
        "import sys; from fairaudit.report.figures.style import new_figure, png;"
        "import matplotlib; before = dict(matplotlib.rcParams); png(new_figure(2, 2));"
        "assert dict(matplotlib.rcParams) == before; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_margins_are_where_matplotlib_puts_the_axes():
    """Two rows of three axes of 1.5 × 0.8 inches with the gaps that were asked for."""
    room = Margins(left=0.7, right=0.1, bottom=0.5, top=0.4, across=0.3, down=0.2)
    figure = new_figure(*room.size(1.5, 0.8, rows=2, columns=3), layout=None)
    grid = figure.subplots(2, 3, gridspec_kw=room.of(figure, rows=2, columns=3))
    for row, line in enumerate(grid):
        for column, axes in enumerate(line):
            box = axes.get_position()
            found = [
                side * inches for side, inches in zip(box.bounds, 2 * tuple(figure.get_size_inches()), strict=True)
            ]
            assert found == pytest.approx([0.7 + 1.8 * column, 0.5 + 1.0 * (1 - row), 1.5, 0.8])


def test_the_widest_text_is_as_wide_as_it_is_drawn():
    figure = new_figure(4, 1)
    drawn = figure.text(0, 0, "seborrhoeic", fontsize=7.5)
    inches = drawn.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi
    assert widest(["i", "seborrhoeic", "no"], 7.5) == pytest.approx(inches, abs=0.02)
    assert widest([], 7.5) == 0


def test_a_figure_is_a_png_of_its_size():
    content = png(new_figure(2, 1))
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 2 * 160
