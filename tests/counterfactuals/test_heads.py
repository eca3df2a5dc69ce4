from __future__ import annotations

import pytest
import torch

from fairaudit.counterfactuals.heads import JoinedHeads, ModelHeads, head_index
from fairaudit.errors import UsageError

LOGITS = torch.tensor([[0.3, -1.2, 2.0], [5.0, 5.0, -5.0]])


def test_steering_is_the_log_odds_of_the_value() -> None:
    for link in ("sigmoid", "softmax"):
        heads = ModelHeads(lambda x: x, ["a", "b", "c"], link=link)  # type: ignore[arg-type]
        values = heads.values(heads.outputs(LOGITS)).double()
        torch.testing.assert_close(
            heads.steering(LOGITS).double(), torch.log(values / (1 - values)), atol=1e-4, rtol=1e-4
        )


def test_log_odds_of_a_saturated_softmax_stay_exact_and_keep_their_gradient() -> None:
    """The largest rounds to p = 1; its log-odds are −ln(e^−90 + e^−30) = 30, those of the others −90 and −30."""
    heads = ModelHeads(lambda x: x, ["a", "b", "c"], link="softmax")
    logits = torch.tensor([[90.0, 0.0, 60.0]], requires_grad=True)
    steering = heads.steering(logits)
    torch.testing.assert_close(steering, torch.tensor([[30.0, -90.0, -30.0]]))
    (slope,) = torch.autograd.grad(steering[0, 0], logits)
    torch.testing.assert_close(slope, torch.tensor([[1.0, 0.0, -1.0]]))


def test_softmax_rows_sum_to_one() -> None:
    heads = ModelHeads(lambda x: x, ["a", "b", "c"], link="softmax")
    torch.testing.assert_close(heads.values(LOGITS).sum(dim=1), torch.ones(2))


def test_joined_heads_keep_each_models_link() -> None:
    sigmoid = ModelHeads(lambda x: x[:, :1], ["smile"], link="sigmoid")
    softmax = ModelHeads(lambda x: x[:, 1:], ["cat", "dog"], link="softmax")
    joined = JoinedHeads([sigmoid, softmax])
    outputs = joined.outputs(LOGITS)
    assert (joined.names, joined.width) == (("smile", "cat", "dog"), 3)
    expected = torch.cat([LOGITS[:, :1].sigmoid(), LOGITS[:, 1:].softmax(dim=1)], dim=1)
    torch.testing.assert_close(joined.values(outputs), expected)
    # Two classes: the log-odds of one are the difference of the logits.
    torch.testing.assert_close(joined.steering(outputs)[:, 1], LOGITS[:, 1] - LOGITS[:, 2])
    assert all(joined.is_probability(head) for head in range(3))


def test_names_are_looked_up_with_a_suggestion() -> None:
    heads = ModelHeads(lambda x: x, ["smiling", "necktie", "hat"], link="sigmoid")
    assert head_index(heads, "necktie") == 1
    with pytest.raises(UsageError, match='Did you mean "necktie"'):
        head_index(heads, "neckti")


def test_shared_names_and_wrong_widths_are_refused() -> None:
    with pytest.raises(UsageError, match="share a name: a"):
        ModelHeads(lambda x: x, ["a", "a"], link="sigmoid")
    with pytest.raises(UsageError, match=r"2 outputs \(a, b\).*\[2, 3\]"):
        ModelHeads(lambda x: x, ["a", "b"], link="sigmoid").outputs(LOGITS)
