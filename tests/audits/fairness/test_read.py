"""The fairness audit on arrays made by hand: what it reads and notes."""

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef

from fairaudit.audits.fairness.read import read_fairness
from fairaudit.data.training import Training


def test_attributes_are_set_against_each_other_and_against_the_target(drawn, column, inputs, one):
    hat, age, truth, scores = drawn
    two = column("hat", hat), column("age", np.minimum(age, 1))
    found = read_fairness(inputs(list(two), truth, (scores > 0.5).astype(int))).measurements
    between = one(found, "attribute_phi", attribute="hat & age")
    assert between.value == pytest.approx(matthews_corrcoef(hat, np.minimum(age, 1)))
    assert one(found, "phi", attribute="hat").value == pytest.approx(matthews_corrcoef(hat, truth))
    assert between.n == 600


def test_unknown_values_are_counted_and_noted(column, inputs, one):
    hat = [0, 1, -1, 0, 1, -1, 0, 1]
    found = read_fairness(inputs([column("hat", hat)], [0, 1] * 4, [0, 1] * 4))
    assert any("2 of 8 rows have an unknown hat" in note for note in found.notes)
    assert one(found.measurements, "accuracy", group="0").n == 3


def test_levelling_down_is_told_as_harm(column, inputs):
    """Group 1 was better; the candidate makes it as bad as group 0 and helps nobody."""
    hat, truth = np.repeat([0, 1], 100), np.ones(200, int)
    old = np.concatenate([np.repeat([0, 1], 50), np.repeat([0, 1], [10, 90])])
    new = np.concatenate([np.repeat([0, 1], 50), np.repeat([0, 1], [50, 50])])
    truth[::4], old[::4], new[::4] = 0, 0, 0
    found = read_fairness(inputs([column("hat", hat)], truth, new, baseline=old))
    told = [note for note in found.notes if note.startswith("Levelled down against old")]
    assert len(told) == 1
    assert "equal_opportunity_difference" in told[0]
    better = np.where(hat == 1, old, np.maximum(old, 1 - (np.arange(200) % 2))) * truth
    raised = read_fairness(inputs([column("hat", hat)], truth, better, baseline=old))
    assert not [note for note in raised.notes if note.startswith("Levelled down")]


def test_every_interval_is_of_clusters_and_the_order_of_rows_changes_none(drawn, column, inputs):
    hat, age, truth, scores = drawn
    person, old = np.random.default_rng(5).integers(-1, 90, 600), (scores > 0.6).astype(int)

    def made(order):
        columns = {name: part[order] for name, part in {"scores": scores, "baseline": old, "clusters": person}.items()}
        control = [column("age", age[order], ("0", "1", "2"))]
        groupings = [column("hat", hat[order])]
        return read_fairness(
            inputs(groupings, truth[order], (scores > 0.5).astype(int)[order], controls=control, **columns)
        ).measurements

    first, second = made(np.arange(600)), made(np.random.default_rng(6).permutation(600))
    assert {m.unit for m in first if m.interval} == {"cluster"}
    assert any("within age" in m.attribute for m in first)
    assert any(m.metric == "tpr_change" for m in first)
    for ours, theirs in zip(first, second, strict=True):
        assert ours.id == theirs.id
        for end in ("value", "low", "high", "p_value"):
            assert getattr(ours, end) == pytest.approx(getattr(theirs, end), abs=1e-9), ours.id


def test_what_needs_the_training_is_undefined_without_it_whatever_the_audited_rows_show(column, inputs, one):
    truth = np.repeat([0, 1], 200)
    found = read_fairness(inputs([column("hat", truth)], truth, truth)).measurements
    for name in ("bias_conflict_accuracy", "bias_aligned_accuracy", "bias_aligned_share", "training_phi"):
        assert one(found, name).value is None
        assert "audit.aligned" in one(found, name).reason, name
    assert one(found, "phi").value == 1


def test_phi_of_training_is_scikit_learns_and_pairs_with_a_rho_give_it_too(column, inputs, one):
    rng = np.random.default_rng(3)
    truth, hat = rng.integers(0, 2, (2, 300))
    seen = rng.integers(0, 2, 400)
    worn = np.where(rng.random(400) < 0.8, seen, 1 - seen)
    training = Training(split="train", target=column("y", seen), attributes={"hat": column("hat", worn)})
    told = inputs([column("hat", hat)], truth, truth, training=training, aligned={"split": "train"})
    found = one(read_fairness(told).measurements, "training_phi")
    assert found.value == pytest.approx(matthews_corrcoef(seen, worn))
    assert found.n == 400
    pairs = {"pairs": {"hat": {"0": "0", "1": "1"}}, "rho": {"hat": 0.8}}
    rows = read_fairness(inputs([column("hat", hat)], truth, truth, aligned=pairs)).measurements
    assert one(rows, "training_phi").value == pytest.approx(0.6)
    assert one(rows, "bias_aligned_share").value == pytest.approx(0.8)
