"""A batch of which nothing can be read is refused with the first reason."""

import numpy as np
import pytest
import torch

from fairaudit.data.batch import Batch, readable
from fairaudit.errors import DataError


def batch(count, excluded=()):
    return Batch(
        rows=np.arange(count),
        ids=tuple(str(row) for row in range(count)),
        images=torch.zeros(count, 3, 2, 2),
        target=np.zeros(count, np.int32),
        attributes={},
        regions={},
        excluded=excluded,
    )


def test_images_come_back():
    assert len(batch(2)) == 2
    assert readable(batch(2)).shape == (2, 3, 2, 2)


@pytest.mark.parametrize(("excluded", "first"), [(((0, "truncated"), (1, "no file")), "truncated"), ((), "none")])
def test_none_is_refused(excluded, first):
    with pytest.raises(DataError, match=f"{len(excluded)} excluded, the first: {first}"):
        readable(batch(0, excluded))
