"""The papers' measures against loops over the equations, scikit-learn and the limits that the text names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mutual_info_score

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.paper_measures import (
    PAPER_MEASURES,
    dp_l2,
    dp_mi,
    eo_l2,
    eo_mi,
    group_iou,
    iou_l2,
    iou_std,
    mutual_information,
)


def entropy(p):
    p = np.ravel(p)
    return -sum(x * np.log(x) for x in p if x > 0)


def slow(joint):
    """Equations 3, 4, 6, 7, 10–12 of the paper, term by term, cells without images left out."""
    p = joint / joint.sum()
    groups, classes, _ = p.shape
    ps, pt, pa = p.sum((1, 2)), p.sum((0, 2)), p.sum((0, 1))
    psa, pst = p.sum(1), p.sum(2)
    found = dict.fromkeys(("dp_l2", "eo_l2", "eo_mi"), 0.0)
    for s in range(groups):
        for a in range(classes):
            if ps[s] > 0:
                found["dp_l2"] += (psa[s, a] / ps[s] - pa[a]) ** 2
            for t in range(classes):
                if pst[s, t] > 0:
                    found["eo_l2"] += (p[s, t, a] / pst[s, t] - p[:, t, a].sum() / pt[t]) ** 2
    found["dp_mi"] = entropy(pa) + entropy(ps) - entropy(psa)
    for t in range(classes):
        if pt[t] > 0:
            given_t = p[:, t] / pt[t]
            found["eo_mi"] += entropy(given_t.sum(0)) + entropy(given_t.sum(1)) - entropy(given_t)

    def iou(table):
        values = [
            table[a, a] / (table[a].sum() + table[:, a].sum() - table[a, a])
            for a in range(classes)
            if table[a].sum() > 0
        ]
        return np.mean(values)

    ious = [iou(p[s]) for s in range(groups) if ps[s] > 0]
    found["iou_l2"] = sum((value - iou(p.sum(0))) ** 2 for value in ious)
    found["iou_std"] = np.std(ious, ddof=1) if len(ious) > 1 else np.nan
    return found


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize(("groups", "classes"), [(2, 2), (3, 5), (12, 3), (5, 40)])
def test_measures_equal_the_equations_term_by_term(groups, classes, soft):
    rng = np.random.default_rng(groups)
    number = 400
    group, true = rng.integers(0, groups, number), rng.integers(0, classes, number)
    true = np.where(group == 1, classes - 1, true)  # group 1 has one class only
    scores = rng.dirichlet(np.ones(classes), size=number)
    if soft:
        joint = np.einsum("ng,nt,nc->gtc", np.eye(groups + 1)[group], np.eye(classes)[true], scores)
    else:
        joint = confusion(group, true, scores.argmax(1), groups=groups + 1, classes=classes).counts
    expected = slow(np.asarray(joint, float))
    for name, measure in PAPER_MEASURES.items():
        np.testing.assert_allclose(measure(joint), expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=80))
def test_mutual_information_equals_scikit_learn(images):
    first, second = np.array(images).T
    table = np.zeros((5, 6))
    np.add.at(table, (first, second), 1)
    assert mutual_information(table) == pytest.approx(mutual_info_score(first, second), abs=1e-12)


def test_a_perfect_classifier_shows_only_what_the_data_share():
    relation = np.array([[40, 10, 5], [5, 30, 20]])
    perfect = relation[:, :, None] * np.eye(3)
    assert eo_l2(perfect) == pytest.approx(0, abs=1e-15)
    assert eo_mi(perfect) == pytest.approx(0, abs=1e-15)
    assert iou_l2(perfect) == pytest.approx(0, abs=1e-15)
    assert iou_std(perfect) == pytest.approx(0, abs=1e-15)
    assert dp_mi(perfect) == pytest.approx(float(mutual_information(relation)))


def test_constant_probabilities_are_equal_outcomes():
    joint = np.array([[40, 10, 5], [5, 30, 20]])[:, :, None] * np.array([0.2, 0.3, 0.5])
    for measure in (dp_l2, dp_mi, eo_l2, eo_mi):
        assert measure(joint) == pytest.approx(0, abs=1e-15)


def test_deciding_by_the_attribute_carries_its_whole_entropy():
    joint = np.zeros((3, 3, 3))
    for s, images in enumerate((10, 20, 30)):
        joint[s, :, s] = images / 3
    assert dp_mi(joint) == pytest.approx(entropy(np.array([10, 20, 30]) / 60))


def test_squeezing_lowers_the_overlap_measure_as_equations_17_to_19_say():
    rng = np.random.default_rng(0)
    group, true = np.repeat([0, 1], 200), np.tile([0, 1], 200)
    probability = np.clip(np.where(true == 1, 0.9, 0.1) + np.where(group == 1, 0.25, 0.05) * rng.normal(size=400), 0, 1)
    values = []
    for alpha in (1.0, 0.5, 0.01):
        p = (probability - 0.5) * alpha + 0.5
        joint = np.einsum("ng,nt,nc->gtc", np.eye(2)[group], np.eye(2)[true], np.stack([1 - p, p], 1))
        values.append(float(iou_l2(joint)))
    assert values[0] > values[1] > values[2]
    np.testing.assert_allclose(group_iou(joint), 1 / 3, atol=0.01)


@pytest.mark.parametrize("name", sorted(PAPER_MEASURES))
@settings(max_examples=25, deadline=None)
@given(
    table=arrays(np.int64, (3, 3, 3), elements=st.integers(0, 9)),
    order=st.permutations(range(3)),
    relabelled=st.permutations(range(3)),
    scale=st.floats(0.01, 100),
)
def test_names_of_groups_and_classes_and_the_scale_do_not_matter(name, table, order, relabelled, scale):
    measure = PAPER_MEASURES[name]
    value = measure(table)
    renamed = table[list(order)][:, list(relabelled)][:, :, list(relabelled)]
    np.testing.assert_allclose(measure(renamed), value, atol=1e-9)
    np.testing.assert_allclose(measure(table * scale), value, atol=1e-9)
    np.testing.assert_allclose(measure(np.concatenate([table, np.zeros((2, 3, 3))])), value, atol=1e-9)
    assert np.isnan(value) or value >= 0


def test_replicate_axes_are_kept():
    tables = np.random.default_rng(1).integers(0, 5, size=(4, 2, 3, 3, 3))
    for measure in PAPER_MEASURES.values():
        assert measure(tables).shape == (4, 2)
        np.testing.assert_allclose(measure(tables)[1, 1], measure(tables[1, 1]))


def test_nothing_is_known_without_images_and_no_spread_without_two_groups():
    for measure in PAPER_MEASURES.values():
        assert np.isnan(measure(np.zeros((2, 2, 2))))
    assert np.isnan(iou_std([[[3, 1], [0, 4]], [[0, 0], [0, 0]]]))
    assert iou_std([[[4, 0], [0, 4]], [[2, 2], [2, 2]]]) == pytest.approx(abs(1 - 1 / 3) / np.sqrt(2))
    with pytest.raises(ValueError, match="joint"):
        dp_l2([[1, 2], [3, 4]])
