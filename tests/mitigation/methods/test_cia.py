"""The images and frames that counterfactual augmentation learns from."""

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.methods.cia import augmented, drawn_of, twins_of
from fairaudit.mitigation.samples import Samples


def test_frames_that_are_not_there_are_left_out():
    frames = torch.zeros(2, 2, 1, 2, 2)
    frames[0, 1] = torch.nan
    batch = Samples(images=torch.ones(2, 1, 2, 2), target=torch.tensor([0, 1]), attribute=torch.tensor([0, 1]),
                    frames=frames)  # fmt: skip
    images, target = augmented(batch, twins_of(batch))
    assert len(images) == 5
    assert target.tolist() == [0, 1, 0, 1, 1]
    with pytest.raises(MethodError):
        twins_of(Samples(images=batch.images, target=batch.target, attribute=batch.attribute))


def test_two_frames_follow_their_image_and_no_frame_is_an_error():
    images, frames = torch.arange(2.0).view(2, 1, 1, 1), torch.tensor([[10.0, 11.0], [20.0, 21.0]]).view(2, 2, 1, 1, 1)
    batch = Samples(images=images, target=torch.tensor([1, 0]), attribute=torch.tensor([0, 1]))
    found, target = augmented(batch, frames)
    assert found.flatten().tolist() == [0.0, 1.0, 10.0, 11.0, 20.0, 21.0]
    assert target.tolist() == [1, 0, 1, 1, 0, 0]
    with pytest.raises(ValueError, match="no drawn frames"):
        drawn_of(batch)
