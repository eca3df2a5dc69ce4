"""The pruning paper's theory of the audited data: its numbers, its figure and where it says nothing."""

import numpy as np
import pytest

from fairaudit.audits.fairness.read import read_fairness
from fairaudit.data.training import Training


def test_the_theory_is_told_with_its_figure_where_groups_and_values_are_paired(column, inputs, one):
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 3, 900)
    colour = np.where(rng.random(900) < 0.8, truth, rng.integers(0, 3, 900))
    decided = np.where(rng.random(900) < 0.3, colour, truth)
    values = ("r", "g", "b")
    classes, told = ("0", "1", "2"), {"aligned": {"split": "train"}}
    seen = rng.integers(0, 3, 500)
    before = column("colour", np.where(rng.random(500) < 0.9, seen, rng.integers(0, 3, 500)), values)
    training = Training(split="train", target=column("y", seen, classes), attributes={"colour": before})
    made = inputs([column("colour", colour, values)], truth, decided, classes=classes, training=training, **told)
    found = read_fairness(made)
    rho = one(found.measurements, "bias_aligned_share")
    assert rho.value == pytest.approx((before.codes == seen).mean())
    phi = one(found.measurements, "model_biasedness")
    assert phi.value == pytest.approx((decided == colour)[colour != truth].mean())
    assert {"theory-colour.png", "confusion-colour.png"} <= {drawing.name for drawing in found.drawings}
    assert any("ρ = 0.9" in note and "of the training rows" in note for note in found.notes)
    (drawing,) = (drawing for drawing in found.drawings if drawing.name.startswith("theory"))
    assert drawing.draw().startswith(b"\x89PNG")
    uneven = read_fairness(inputs([column("colour", colour, values)], np.minimum(truth, 1), decided > 0))
    assert "as many groups as target values" in one(uneven.measurements, "bias_aligned_share").reason
    assert not [drawing for drawing in uneven.drawings if drawing.name.startswith("theory")]
