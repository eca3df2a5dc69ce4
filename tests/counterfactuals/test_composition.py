from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from fairaudit.counterfactuals.composition import ComposedHeads
from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.latent_shift import latent_shift
from fairaudit.errors import UsageError

SUM = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.3]])


def test_planted_bias_is_measured_in_closed_form(linear_generator: Any, linear_heads: Any) -> None:
    """Linear scores: f' = f_0 + c f_1 has r(f_1, f') = w_1ᵀP(w_0 + c w_1) / (w_0 + c w_1)ᵀP(w_0 + c w_1), P = DDᵀ."""
    generator = linear_generator(latent=5)
    weights = torch.randn(2, 12, generator=torch.Generator().manual_seed(8)) * 0.2
    heads = ComposedHeads(linear_heads(weights, bias=0.9), SUM, ["f0", "f1", "biased"])
    images = torch.rand(5, 1, 3, 4, generator=torch.Generator().manual_seed(9)) * 0.01
    shift = latent_shift(generator, heads, images, [(i, 2) for i in range(5)], LadderSettings(floor=0.0))
    projector = generator.matrix @ generator.matrix.T
    mixed = weights[0] + 0.3 * weights[1]
    exact = float((weights[1] @ projector @ mixed) / (mixed @ projector @ mixed))
    change = shift.after - shift.before
    np.testing.assert_allclose(change[:, 1] / change[:, 2], exact, rtol=1e-3)
    # A composition is the sum of its parts at both ends.
    np.testing.assert_allclose(change[:, 2], change[:, 0] + 0.3 * change[:, 1], atol=1e-5)


def test_sums_of_one_head_stay_probabilities() -> None:
    own = ModelHeads(lambda x: x, ["a", "b"], link="sigmoid")
    weights = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.0]])
    heads = ComposedHeads(own, weights, ["a", "b", "a+b", "half"])
    assert [heads.is_probability(i) for i in range(4)] == [True, True, False, False]
    logits = torch.tensor([[2.0, -1.0]])
    steering = heads.steering(heads.outputs(logits))
    values = heads.values(logits)
    torch.testing.assert_close(steering[:, :2], logits)
    torch.testing.assert_close(steering[:, 2:], values[:, 2:])


def test_names_that_two_sums_share_are_refused() -> None:
    heads = ModelHeads(lambda x: x, ["smiling", "necktie"], link="sigmoid")
    with pytest.raises(UsageError, match="share a name: smiling"):
        ComposedHeads(heads, SUM, ["smiling", "necktie", "smiling"])
