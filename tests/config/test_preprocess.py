"""What the section preprocess accepts, fills in and refuses."""

import pytest
from pydantic import ValidationError

from fairaudit.config.preprocess import MOST_SIDE, PreprocessConfig, Shorter


def test_torchvisions_resize_and_centre_crop():
    config = PreprocessConfig.model_validate({"resize": {"shorter": 256}, "crop": 224})
    assert (config.resize, config.crop, config.size) == (Shorter(shorter=256), (224, 224), (224, 224))


def test_a_crop_of_the_original_leaves_the_size_alone():
    config = PreprocessConfig.model_validate({"crop": [178, 178], "size": [64, 64]})
    assert (config.crop, config.size) == ((178, 178), (64, 64))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"resize": {"shorter": 256}}, "needs a crop"),
        ({"resize": {"shorter": 256}, "crop": 224, "size": [200, 200]}, "needs a crop"),
        ({"resize": {"shorter": 100}, "crop": 224}, "larger than the shorter side"),
        ({"resize": {"shorter": 0}, "crop": 1}, "greater than or equal to 1"),
        ({"mean": [0.5, 0.5]}, "mean has 2 numbers for 3 channels"),
        ({"channels": 1, "std": [1, 1, 1]}, "std has 3 numbers for 1 channels"),
        ({"std": [0.0]}, "std must be greater than 0"),
        ({"size": [0, 64]}, "size must be from 1 x 1"),
        ({"size": [64, MOST_SIDE + 1]}, "size must be from 1 x 1"),
        ({"crop": [0, 4]}, "at least 1 x 1"),
        ({"crop": True}, "tuple"),
        ({"channels": 4}, "1 or 3"),
        ({"widht": 3}, "Extra inputs"),
        ([1], "dictionary"),
    ],
)
def test_what_cannot_be_meant_is_refused(values, problem):
    with pytest.raises(ValidationError, match=problem):
        PreprocessConfig.model_validate(values)
