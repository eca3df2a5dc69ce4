"""Paired changes under a flip of the attribute, against arithmetic."""

import numpy as np
import torch

from fairaudit.interventions.flip import flip_effect


class Argmax:
    def decide(self, scores):
        return scores.argmax(dim=1)


def test_size_sign_and_decision_of_three_classes():
    own = torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    flipped = torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.3, 0.6], [0.2, 0.1, 0.7]])
    found = flip_effect(Argmax(), own, flipped)
    np.testing.assert_allclose(
        found["attribute_flip_effect"], [0.0, 0.5, 0.1], atol=1e-7
    )  # ½ (.5 + 0 + .5), ½ (.1 + .1)
    np.testing.assert_allclose(found["attribute_flip_signed"], [0.0, -0.5, 0.1], atol=1e-7)
    assert found["attribute_flip_rate"].tolist() == [0.0, 1.0, 0.0]


def test_a_twin_of_a_twin_changes_the_sign_and_nothing_else():
    draw = torch.rand(2, 40, 2, generator=torch.Generator().manual_seed(0)).softmax(dim=-1)
    there, back = flip_effect(Argmax(), draw[0], draw[1]), flip_effect(Argmax(), draw[1], draw[0])
    np.testing.assert_array_equal(there["attribute_flip_effect"], back["attribute_flip_effect"])
    np.testing.assert_array_equal(there["attribute_flip_signed"], -back["attribute_flip_signed"])
    np.testing.assert_array_equal(there["attribute_flip_rate"], back["attribute_flip_rate"])
