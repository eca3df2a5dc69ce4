"""The written sum of two classifiers: eq. 6 by hand, over normalised images, and read back from its file."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from fairaudit.audits.alignment.rectified_model import RectifiedModel, save_rectified
from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.errors import OutputError


class Mean(nn.Module):
    def forward(self, images):
        means = images.mean((2, 3))
        return torch.stack([means[:, 0], 1 - means[:, 0]], 1)


def model(beta):
    module = Mean()
    found = SimpleNamespace(modules=(module,), heads=ModelHeads(module, ("a", "b"), link="value"))
    return RectifiedModel(found, 0, 1, beta, (0.5,), (0.25,))


def test_the_sum_is_one_logit():
    """Pixels of 0.4 are (0.4 - 0.5) / 0.25 = -0.4 normalised; f' = 0.4 + ½ · 0.6 = 0.7, as log-odds."""
    found = model(0.5)(torch.full((1, 1, 2, 2), -0.4))
    assert found.shape == (1, 1)
    assert float(found) == pytest.approx(float(torch.logit(torch.tensor(0.7))), abs=1e-5)
    assert torch.isfinite(model(9.0)(torch.zeros(1, 1, 2, 2))).all()  # a sum outside (0, 1) is held at its end


def test_the_file_computes_the_same(tmp_path):
    images = torch.randn(3, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    save_rectified(model(0.5), images, tmp_path / "new" / "m.pt")
    torch.testing.assert_close(torch.jit.load(tmp_path / "new" / "m.pt")(images), model(0.5)(images))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        save_rectified(model(0.5), images, tmp_path / "file" / "m.pt")
