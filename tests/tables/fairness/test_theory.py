"""The theory's numbers on tables made by the theory itself, and on tables that are not as it assumes."""

import numpy as np
import pytest

from fairaudit.tables.fairness.theory import placed, theory_measurements
from fairaudit.tables.rows import FairnessSpec


def world(rho, phi, classes, needed=0.0, images=1e6):
    """Counts [group, true, decision] of the theory's world: conflicts spread evenly, all other error from eq. 5."""
    wrong, eye = needed * (1 - phi), np.eye(classes)
    table = np.zeros((classes, classes, classes))
    for group in range(classes):
        for true in range(classes):
            if group == true:
                table[group, true] = rho * (eye[true] * (1 - wrong) + (1 - eye[true]) * wrong / (classes - 1))
            else:
                table[group, true] = (1 - rho) / (classes - 1) * (phi * eye[group] + (1 - phi) * eye[true])
    return table / classes * images


def made(counts, aligned=None, **arguments):
    names = tuple(str(index) for index in range(len(counts)))
    given = {"attribute": "colour", "groups": names, "classes": tuple(str(i) for i in range(counts.shape[1]))}
    pairs = np.eye(len(counts), dtype=bool) if aligned is None else aligned
    training = arguments.pop("training", counts.sum(-1))
    found = theory_measurements(counts, FairnessSpec(**{**given, **arguments}), pairs, training=training)
    return {m.metric: m for m in found}


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize(
    ("rho", "phi", "needed"), [(0.9, 0.0, 0.0), (0.9, 0.5, 0.0), (0.7, 0.3, 0.4), (0.95, 1.0, 0.0)]
)
def test_in_the_theorys_world_its_parameters_and_information_are_found(classes, rho, phi, needed):
    found = made(world(rho, phi, classes, needed))
    assert found["bias_aligned_share"].value == pytest.approx(rho)
    assert found["model_biasedness"].value == pytest.approx(phi)
    perfect, following = found["bias_information_perfect"], found["bias_information_expected"]
    assert perfect.value == pytest.approx(perfect.extra["observed"])
    if needed == 0:  # eq. 4 has no other error than the bias
        assert following.value == pytest.approx(following.extra["observed"])
    if phi < 1:
        assert found["task_biasedness"].value == pytest.approx(needed)


def test_a_model_that_always_follows_the_bias_leaves_k_open():
    found = made(world(0.9, 1.0, 3))
    assert found["task_biasedness"].reason == "every conflicting image is decided by its group, or there is none"
    assert found["task_information_expected"].value is None
    assert found["task_information_bounded"].value is None
    assert found["bias_information_expected"].value == pytest.approx(1.0)


def test_without_conflicting_images_there_is_no_biasedness():
    found = made(world(1.0, 0.0, 3))
    assert found["bias_aligned_share"].value == 1
    assert found["model_biasedness"].reason == "there are no conflicting images"
    assert found["bias_information_perfect"].value == pytest.approx(1)


def test_the_biasedness_has_the_interval_of_its_share_and_of_its_clusters():
    counts = world(0.8, 0.25, 2, images=1000).round()
    plain = made(counts)["model_biasedness"]
    assert (plain.numerator, plain.denominator) == (50, 200)
    assert 0.19 < plain.low < 0.25 < plain.high < 0.32
    # 20 persons of 10 conflicting images, which follow all (5 persons) or not at all: worth 19 independent images,
    # p (1 − p) / v with v = 20/19 · (5 · 7.5² + 15 · 2.5²) / 200²,
    # less what 20 units instead of many cost: (1.96 / t₁₉)².
    each = np.stack([counts / 20] * 20)
    each[:, 0, 1], each[:, 1, 0] = (0, 5), (5, 0)
    each[:5, 0, 1], each[:5, 1, 0] = (5, 0), (0, 5)
    wide = made(each.sum(0), cluster_counts=each)["model_biasedness"]
    assert wide.unit == "cluster"
    n, z = 19 * (1.96 / 2.093) ** 2, 1.96  # Wilson by hand
    half = z * np.sqrt(0.25 * 0.75 / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    middle = (0.25 + z**2 / (2 * n)) / (1 + z**2 / n)
    assert (wide.low, wide.high) == pytest.approx((middle - half, middle + half), abs=2e-3)


def test_where_classes_are_uneven_what_is_observed_differs_and_stands_beside():
    counts = world(0.9, 0.2, 3) * np.array([5.0, 1.0, 1.0])[None, :, None]
    found = made(counts)["bias_information_perfect"]
    assert abs(found.value - found.extra["observed"]) > 0.02


@pytest.mark.parametrize(
    ("shape", "aligned", "reason"),
    [
        ((3, 2, 2), [[True, False]] * 3, "as many groups as target values, found 3 and 2"),
        ((2, 2, 2), [[True, True], [False, False]], "no group goes with each target value"),
    ],
)
def test_what_the_theory_does_not_speak_about_is_undefined(shape, aligned, reason):
    found = made(np.ones(shape), aligned=np.array(aligned))
    assert list(found) == ["bias_aligned_share"]
    assert reason in found["bias_aligned_share"].reason


def test_no_group_that_goes_with_a_value_is_a_reason_too():
    (found,) = theory_measurements(
        np.ones((2, 2, 2)), FairnessSpec(attribute="a", groups=("0", "1"), classes=("0", "1")), None, training=None
    )
    assert "is not known" in found.reason


def test_placed_counts_by_hand():
    counts = np.array([[[6, 2], [1, 3]], [[0, 2], [4, 2]]])
    found = placed(counts, [[True, False], [False, True]], training=counts.sum(-1))
    assert (found.rho, found.phi) == (14 / 20, 3 / 6)  # aligned 8 + 6; conflicting 4 + 2, of which 1 + 2 follow
    assert found.needed == pytest.approx(min(1.0, (6 / 14) / 0.5))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_rounding_of_weights_leaves_shares(classes):
    draw = np.random.default_rng(0)
    eye = np.eye(classes, dtype=bool)
    for _ in range(100):
        counts = np.zeros((classes, classes, classes))
        for g in range(classes):  # every image aligned and right, in sums of weights
            counts[g, g, g] = np.cumsum(draw.choice([0.1, 0.7, 1.3], 40))[-1]
        asked = FairnessSpec(
            attribute="a", groups=tuple(map(str, range(classes))), classes=tuple(map(str, range(classes)))
        )
        rho = next(
            m
            for m in theory_measurements(counts, asked, eye, training=counts.sum(-1))
            if m.metric == "bias_aligned_share"
        ).value
        assert rho == pytest.approx(1.0)
        assert rho <= 1.0


@pytest.mark.parametrize("classes", [2, 3])
def test_a_balanced_test_set_shows_what_the_model_does_at_the_trainings_rho(classes):
    trained, audited = world(0.9, 0.4, classes), world(1 / classes, 0.4, classes)
    found, wanted = made(audited, training=trained.sum(-1)), made(trained)
    for name in wanted:
        assert found[name].value == pytest.approx(wanted[name].value), name
        if "observed" in wanted[name].extra:
            assert found[name].extra["observed"] == pytest.approx(wanted[name].extra["observed"]), name
    assert found["bias_information_expected"].value == pytest.approx(
        found["bias_information_expected"].extra["observed"]
    )


def test_without_training_rows_only_shares_within_cells_are_known():
    found = made(world(0.5, 0.3, 2), training=None)
    assert found["model_biasedness"].value == pytest.approx(0.3)
    for name in ("bias_aligned_share", "bias_information_expected", "task_information_bounded"):
        assert found[name].value is None
        assert "audit.aligned" in found[name].reason


def test_a_cell_that_training_has_and_nobody_audited_leaves_nothing_to_observe():
    counts = world(0.8, 0.3, 2)
    training = counts.sum(-1)
    counts[0, 1] = 0
    found = made(counts, training=training)["bias_information_expected"]
    assert found.value is not None
    assert found.extra["observed"] is None
