"""The soft gap by hand, and what it adds to the loss."""

from dataclasses import replace

import pytest
import torch

from fairaudit.mitigation.methods import savani_aft
from fairaudit.mitigation.methods.savani_aft import soft_gap


def test_the_soft_gap_by_hand():
    table = torch.tensor([[[8.0, 2.0], [1.0, 9.0]], [[6.0, 4.0], [4.0, 6.0]]])
    assert float(soft_gap(table)) == pytest.approx((0.2 + 0.3) / 2)
    assert float(soft_gap(table[:1])) == 0.0


@pytest.mark.parametrize(("gap", "added"), [(0.05, 0.0), (0.09, 0.0), (0.5, 2.0 * 0.41)])
def test_only_what_is_above_the_tolerance_is_added(linear, loss_of, monkeypatch, gap, added):
    monkeypatch.setattr(savani_aft, "soft_gap", lambda table: torch.tensor(gap))
    batch, losses = linear.debias.samples, []
    for strength in (0.0, 2.0):
        loss, _ = loss_of(savani_aft, savani_aft.savani_aft, replace(linear, strength=strength))
        losses.append(float(loss(linear.split.module, batch).detach()))
    assert losses[1] - losses[0] == pytest.approx(added, abs=1e-6)
