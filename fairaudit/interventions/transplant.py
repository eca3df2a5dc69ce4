"""The content of another image's region, resized to fit, in place of a region's."""

from __future__ import annotations

import torch
from torch import Tensor


def transplant(images: Tensor, masks: Tensor, donors: Tensor, donor_masks: Tensor) -> Tensor:
    """Images with the donors' content in their masks; a new tensor.

    The box around the donor's region is resized (bilinear) to the box around the image's, and shown where the image's
    mask is. Where the donor's box holds what is not its region, its region's mean colour is shown: nothing of the
    donor's own object comes along. A donor without the region gives the pixels at the image's own place as they are.
    What one image gets does not depend on the others of the batch.

    Args:
        images: `[image, channel, row, column]`.
        masks: True where pixels are replaced, `[image, row, column]`; an empty one leaves its image as it is.
        donors: one per image, like `images`.
        donor_masks: the donors' regions, like `masks`.

    >>> image, donor = torch.zeros(1, 1, 4, 4), torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> here, there = torch.zeros(1, 4, 4, dtype=torch.bool), torch.zeros(1, 4, 4, dtype=torch.bool)
    >>> here[0, :2, :2], there[0, 2:, 2:] = True, True
    >>> transplant(image, here, donor, there)[0, 0].tolist()
    [[10.0, 11.0, 0.0, 0.0], [14.0, 15.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    without = ~donor_masks.flatten(1).any(dim=1)
    given = torch.where(without[:, None, None], torch.ones_like(donor_masks), donor_masks)
    to = _box(masks)
    since = torch.where(without[:, None], to, _box(given))  # a donor without the region shows the same place
    content, inside = _moved(donors, given, since, to)
    weight = given[:, None].to(donors.dtype)
    colour = (donors * weight).sum(dim=(2, 3), keepdim=True) / weight.sum(dim=(2, 3), keepdim=True)
    return torch.where(masks[:, None], torch.where(inside, content, colour), images)


def _moved(donors: Tensor, given: Tensor, since: Tensor, to: Tensor) -> tuple[Tensor, Tensor]:
    """The donors' content at the images' boxes, and where it is their region; beyond the boxes anything."""
    if torch.equal(since, to):  # a fixed box: nothing moves and nothing is resized
        return donors, given[:, None]
    content = _resized(donors, since, to)
    inside = _resized(given[:, None].to(donors.dtype), since, to) > 0.5
    return content, inside


def _box(masks: Tensor) -> Tensor:
    """First row, rows, first column, columns of the box around every mask, `[image, 4]`; everything if it is empty."""
    ends = []
    for covered in (masks.any(dim=2), masks.any(dim=1)):
        index = torch.arange(covered.shape[1], device=covered.device)
        some = covered.any(dim=1)
        first = torch.where(some, torch.where(covered, index, covered.shape[1]).amin(dim=1), 0)
        last = torch.where(some, torch.where(covered, index, -1).amax(dim=1), covered.shape[1] - 1)
        ends += [first, last - first + 1]
    return torch.stack(ends, dim=1)


def _resized(images: Tensor, since: Tensor, to: Tensor) -> Tensor:
    """The part of every image in one box, at the size and place of another; beyond that box anything."""
    found, window = images, []
    for axis, number in ((2, 0), (3, 2)):
        start, length, place, wanted = since[:, number], since[:, number + 1], to[:, number], to[:, number + 1]
        window.append((int(place.min()), int((place + wanted).max())))  # nothing is needed beyond the batch's boxes
        index = torch.arange(*window[-1], device=images.device)
        step = length.float() / wanted.float()
        position = (index[None] - place[:, None] + 0.5) * step[:, None] - 0.5
        position = torch.minimum(position.clamp(min=0), (length[:, None] - 1).float())
        low = position.floor()
        share = (position - low).to(images.dtype)
        low = low.long() + start[:, None]
        high = torch.minimum(low + 1, (start + length - 1)[:, None])
        shape = [len(images), 1, 1, 1]
        shape[axis] = len(index)
        size = list(found.shape)
        size[axis] = len(index)
        one, two = (found.gather(axis, part.reshape(shape).expand(size)) for part in (low, high))
        weight = share.reshape(shape)
        found = torch.where(weight == 0, one, one * (1 - weight) + two * weight)
    (top, bottom), (left, right) = window
    whole = torch.zeros_like(images)
    whole[:, :, top:bottom, left:right] = found
    return whole
