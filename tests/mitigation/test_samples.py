"""Parts over parts: labels, images and lengths go together, and undersampled cells are equally large."""

import pytest
import torch

from fairaudit.mitigation.samples import Chosen, Derived, InMemory, Samples, cell_counts, cells, undersampled

TARGET = torch.tensor([0, 0, 0, 1, 1, 0, 1, 1, 0, 1])
ATTRIBUTE = torch.tensor([0, 0, 1, 1, 0, -1, 1, 1, 0, 1])


@pytest.fixture
def part():
    """Images that hold their own row."""
    images = torch.arange(10.0).view(10, 1, 1, 1)
    return InMemory(samples=Samples(images=images, target=TARGET, attribute=ATTRIBUTE), classes=2, groups=2)


def test_cells_by_hand(part):
    assert cells(part).tolist() == [0, 0, 2, 3, 1, -1, 3, 3, 0, 3]
    assert cell_counts(part).tolist() == [3, 1, 1, 4]


def test_labels_of_chosen_rows_are_those_of_their_images(part):
    chosen = Chosen(base=part, rows=torch.tensor([7, 2, 5]))
    assert len(chosen) == 3
    taken = chosen.take(torch.arange(3))
    assert taken.images.flatten().tolist() == [7, 2, 5]
    for name, whole in (("target", TARGET), ("attribute", ATTRIBUTE)):
        assert getattr(chosen, name).tolist() == getattr(taken, name).tolist() == whole[[7, 2, 5]].tolist()
    assert (chosen.classes, chosen.groups, chosen.has_masks, chosen.has_frames) == (2, 2, False, False)


def test_rows_chosen_of_chosen_rows_are_rows_of_the_whole(part):
    once = Chosen(base=part, rows=torch.tensor([9, 4, 1]))
    twice = Chosen(base=once, rows=torch.tensor([2, 0]))
    assert twice.take(torch.tensor([0, 1])).images.flatten().tolist() == [1, 9]
    assert twice.target.tolist() == TARGET[[1, 9]].tolist()


def test_a_part_over_another_is_that_part(part):
    over = Derived(base=part)
    assert len(over) == 10
    assert torch.equal(over.target, TARGET)
    assert over.take(torch.tensor([3])).images.item() == 3


def test_undersampled_cells_are_as_large_as_the_scarcest(part):
    found = undersampled(part, torch.Generator().manual_seed(0))
    assert cell_counts(found).tolist() == [1, 1, 1, 1]
    assert found.rows.tolist() == sorted(found.rows.tolist())
    again = undersampled(part, torch.Generator().manual_seed(0))
    assert torch.equal(found.rows, again.rows)


def test_a_cell_without_rows_is_refused(part):
    with pytest.raises(ValueError, match="no rows"):
        undersampled(Chosen(base=part, rows=torch.tensor([0, 1, 3])), torch.Generator())
