import numpy as np
import pytest

from fairaudit.report.figures.examples import examples

IMAGES = np.linspace(0, 1, 7 * 8 * 8 * 3).reshape(7, 8, 8, 3)
NAMES = [f"{'long/' * 9}{number}\nsays 1" for number in range(7)]


def test_the_same_images_give_the_same_picture():
    found = examples(IMAGES, names=NAMES, heading="Worst")
    assert found.startswith(b"\x89PNG")
    assert found == examples(IMAGES, names=NAMES, heading="Worst")


def test_grey_images_and_a_single_one():
    assert examples(IMAGES[:1, ..., :1], names=["a $x$"], heading="One").startswith(b"\x89PNG")


@pytest.mark.parametrize(("count", "names"), [(0, []), (2, ["a"])])
def test_no_images_or_other_names_are_refused(count, names):
    with pytest.raises(ValueError, match="disagree"):
        examples(IMAGES[:count], names=names, heading="None")
