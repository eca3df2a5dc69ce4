import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.confusion import confusion


def picture(counts, **names):
    groups = names.get("groups", [str(i) for i in range(len(counts))])
    classes = names.get("classes", [str(i) for i in range(counts.shape[1])])
    return Image.open(io.BytesIO(confusion(counts, groups=groups, classes=classes, heading="Decisions")))


def darkest(image):
    """Darkest of the large one-coloured patches: blue channel ahead of red."""
    array = np.asarray(image.convert("RGB")).reshape(-1, 3)
    colors, counts = np.unique(array, axis=0, return_counts=True)
    return colors[counts > 2000].sum(axis=1).min()


def test_surer_rows_are_darker():
    assert darkest(picture(np.array([[[99, 1], [1, 99]]]))) < darkest(picture(np.array([[[60, 40], [40, 60]]])))


def test_shading_is_by_share_and_not_by_count():
    small, large = np.array([[[9, 1], [1, 9]]]), np.array([[[900, 100], [100, 900]]])
    assert darkest(picture(small)) == darkest(picture(large))


@pytest.mark.parametrize("shape", [(1, 2, 2), (5, 2, 2), (2, 10, 10), (1, 20, 20)])
def test_all_sizes_are_drawn_with_empty_rows_too(shape):
    counts = np.arange(np.prod(shape)).reshape(shape)
    counts[0, 0] = 0
    assert picture(counts).width > 200


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        picture(np.zeros((2, 2, 2), int), groups=["a"])
