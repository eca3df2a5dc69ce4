"""The task's loss is the mean surprise of the true class under the audit's own probabilities."""

import pytest
import torch

from fairaudit.models.outputs.head import Head
from fairaudit.pruning.task import task_loss


@pytest.mark.parametrize(
    ("link", "outputs", "index"), [("softmax", 4, 0), ("sigmoid", 1, 0), ("multilabel", 5, 3), ("probability", 2, 1)]
)
def test_it_is_the_mean_of_minus_log_score(link, outputs, index):
    classes = tuple(str(code) for code in range(4 if link == "softmax" else 2))
    names = tuple(str(code) for code in range(outputs))
    head = Head(link=link, outputs=outputs, index=index, classes=classes, names=names)
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(9, outputs, generator=draw, dtype=torch.float64)
    logits = logits.sigmoid() if link == "probability" else logits
    target = torch.randint(0, len(classes), (9,), generator=draw)
    expected = -head.scores(logits)[torch.arange(9), target].log().mean()
    torch.testing.assert_close(task_loss(head, logits, target), expected)
