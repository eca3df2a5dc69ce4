import itertools
import subprocess
import sys

import pytest

from fairaudit.report.figures.style import SERIES, colors, literal, markers, new_figure, png


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


def test_a_figure_is_a_png_of_its_size():
    content = png(new_figure(2, 1))
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 2 * 160
