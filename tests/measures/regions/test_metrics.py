"""Region metrics against loops over pixels written from the paper, against Quantus, and by their invariances."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.errors import DataError, UsageError
from fairaudit.measures.regions import metrics as rm
from fairaudit.measures.regions import weights

CONVENTIONS = weights.CONVENTIONS
METRICS = (
    rm.rrf,
    rm.rrf_lift,
    rm.high_relevance_fraction,
    rm.inside_outside_ratio,
    rm.pointing_game,
    rm.rank_accuracy,
)


def draw(seed: int, n: int = 5, height: int = 7, width: int = 11) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    maps = generator.normal(size=(n, height, width)).astype(np.float32)
    masks = generator.random((n, height, width)) < 0.3
    masks[:, 0, 0], masks[:, -1, -1] = True, False
    return maps, masks


def slow_weight(value: float, largest: float, convention: str) -> float:
    if convention == "positive":
        return max(value, 0.0)
    return abs(value) if convention == "absolute" else (value + largest) / (2 * largest)


def slow(relevance: np.ndarray, mask: np.ndarray, convention: str, *, high: float = 0.1, tolerance: int = 0) -> dict:
    """Every metric of one image, pixel by pixel."""
    pixels = [(i, j) for i in range(mask.shape[0]) for j in range(mask.shape[1])]
    largest = max(abs(float(relevance[p])) for p in pixels)
    p = {pixel: slow_weight(float(relevance[pixel]), largest, convention) for pixel in pixels}
    region = [pixel for pixel in pixels if mask[pixel]]
    rest = [pixel for pixel in pixels if not mask[pixel]]
    inside, total = sum(p[q] for q in region), sum(p.values())
    strength = {
        q: max(float(relevance[q]), 0.0) if convention == "positive" else abs(float(relevance[q])) for q in pixels
    }
    top = max(strength.values())
    signed = {q: float(relevance[q]) if convention == "paper" else strength[q] for q in pixels}
    best = max(pixels, key=lambda q: p[q])
    ranked = sorted(pixels, key=lambda q: -p[q])[: len(region)]
    return {
        "rrf": inside / total,
        "rrf_lift": inside / total / (len(region) / len(pixels)),
        "high_relevance_fraction": sum(signed[q] > high * top for q in region) / len(region),
        "inside_outside_ratio": (inside / len(region)) / (sum(p[q] for q in rest) / len(rest)),
        "pointing_game": float(any(math.dist(best, q) <= tolerance for q in region)),
        "rank_accuracy": sum(bool(mask[q]) for q in ranked) / len(region),
        "area_share": len(region) / len(pixels),
    }


def test_a_share_of_0_counts_every_pixel_with_relevance():
    maps, masks = np.array([[[4.0, 0.0], [-1.0, 2.0]]]), np.array([[True, True], [False, True]])
    found = rm.score_regions(maps, masks, high=0.0).columns()["high_relevance_fraction"]
    assert found.tolist() == pytest.approx([2 / 3])
    for high in (-0.1, 1.0):
        with pytest.raises(UsageError, match="high-relevance"):
            rm.score_regions(maps, masks, high=high)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("tolerance", [0, 1, 3])
def test_all_metrics_agree_with_loops_over_pixels(convention, tolerance):
    maps, masks = draw(3, n=8)
    scores = rm.score_regions(maps, masks, convention=convention, tolerance=tolerance).columns()
    for image in range(len(maps)):
        wanted = slow(maps[image], masks[image], convention, tolerance=tolerance)
        for name, value in wanted.items():
            # The two round 0.1 · max differently in the last bit; no drawn pixel is that close to the limit.
            assert scores[name][image] == pytest.approx(value, rel=1e-9), (name, image)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_one_metric_alone_equals_its_field_of_all_scores(metric, convention):
    maps, masks = draw(4)
    together = rm.score_regions(maps, masks, convention=convention).columns()[metric.__name__]
    np.testing.assert_array_equal(metric(maps, masks, convention=convention), together)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_results_do_not_depend_on_how_images_are_cut_into_blocks(monkeypatch, convention):
    maps, masks = draw(5, n=9)
    whole = rm.score_regions(maps, masks, convention=convention).columns()
    monkeypatch.setattr(weights, "_BLOCK", 7 * 11 * 2)
    for name, values in rm.score_regions(maps, masks, convention=convention).columns().items():
        np.testing.assert_array_equal(values, whole[name])


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_one_mask_for_all_images_equals_the_repeated_mask(convention):
    maps, masks = draw(6)
    shared = rm.score_regions(maps, masks[0], convention=convention).columns()
    repeated = rm.score_regions(maps, np.repeat(masks[:1], len(maps), axis=0), convention=convention).columns()
    for name, values in shared.items():
        np.testing.assert_allclose(values, repeated[name], rtol=1e-12)


@given(seed=st.integers(0, 10_000), power=st.integers(-60, 60), convention=st.sampled_from(CONVENTIONS))
@settings(max_examples=40, deadline=None)
def test_scale_does_not_matter(seed, power, convention):
    maps, masks = draw(seed)
    scaled = maps * np.float32(2.0**power)  # a power of two changes no digit
    before = rm.score_regions(maps, masks, convention=convention, tolerance=1).columns()
    for name, values in rm.score_regions(scaled, masks, convention=convention, tolerance=1).columns().items():
        np.testing.assert_allclose(values, before[name], rtol=1e-12)


@given(seed=st.integers(0, 10_000), convention=st.sampled_from(CONVENTIONS))
@settings(max_examples=40, deadline=None)
def test_complement_sums_to_one_and_disjoint_regions_add(seed, convention):
    maps, masks = draw(seed)
    cut = np.random.default_rng(seed + 1).random(masks.shape) < 0.5
    whole = rm.rrf(maps, masks, convention=convention)
    np.testing.assert_allclose(whole + rm.rrf(maps, ~masks, convention=convention), 1.0, rtol=1e-12)
    parts = rm.rrf(maps, masks & cut, convention=convention) + rm.rrf(maps, masks & ~cut, convention=convention)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


@given(seed=st.integers(0, 10_000), convention=st.sampled_from(CONVENTIONS))
@settings(max_examples=30, deadline=None)
def test_moving_pixels_of_map_and_mask_together_changes_nothing_but_distances(seed, convention):
    maps, masks = draw(seed)
    order = np.random.default_rng(seed).permutation(77)
    moved = [array.reshape(5, 77)[:, order].reshape(5, 11, 7) for array in (maps, masks)]  # and the image is turned
    before = rm.score_regions(maps, masks, convention=convention).columns()
    for name, values in rm.score_regions(*moved, convention=convention).columns().items():
        np.testing.assert_allclose(values, before[name], rtol=1e-12)


def test_rows_are_the_first_axis_of_an_image():
    maps = np.zeros((1, 4, 6))
    maps[0, 1, 5] = 1.0  # row 1, column 5
    mask = np.zeros((4, 6), bool)
    mask[0:2, 4:6] = True
    assert rm.rrf(maps, mask) == [1.0]
    assert rm.pointing_game(maps, mask) == [1.0]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_map_without_relevance_is_undefined_everywhere(convention):
    scores = rm.score_regions(np.zeros((2, 3, 4)), np.eye(3, 4, dtype=bool), convention=convention).columns()
    share = scores.pop("area_share")
    np.testing.assert_allclose(share, 0.25)
    assert all(np.isnan(values).all() for values in scores.values())


def test_map_with_only_evidence_against_is_undefined_under_positive_alone():
    maps = -np.array([[[1.0, 1.0], [1.0, 2.0]]])
    mask = np.array([[True, False], [False, False]])
    assert np.isnan(rm.rrf(maps, mask))
    assert rm.rrf(maps, mask, convention="absolute") == [0.2]
    assert rm.rrf(maps, mask, convention="paper") == [pytest.approx(1 / 3)]  # p = 1/4 of three pixels and 0 of one


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_region_that_covers_everything(convention):
    maps, _ = draw(7)
    scores = rm.score_regions(maps, np.ones((7, 11), bool), convention=convention).columns()
    for name in ("rrf", "pointing_game", "rank_accuracy", "area_share"):
        np.testing.assert_allclose(scores[name], 1.0)
    assert np.isnan(scores["rrf_lift"]).all()  # it would be 1 whatever the map
    assert np.isnan(scores["inside_outside_ratio"]).all()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_region_that_covers_nothing(convention):
    maps, _ = draw(8)
    found = rm.score_regions(maps, np.zeros((7, 11), bool), convention=convention)
    scores = found.columns()
    np.testing.assert_array_equal(scores["rrf"], 0.0)
    np.testing.assert_array_equal(found.area_share, 0.0)
    for name in (
        "area_share",
        "rrf_lift",
        "high_relevance_fraction",
        "inside_outside_ratio",
        "pointing_game",
        "rank_accuracy",
    ):
        assert np.isnan(scores[name]).all(), name


def test_a_nearly_even_map_is_at_chance_in_every_metric():
    mask = np.zeros((5, 8), bool)
    mask[1:3, 2:7] = True  # 10 of 40 pixels
    maps = np.ones((1, 5, 8))
    maps[0, 4, 7] = 1 - 1e-5
    scores = rm.score_regions(maps, mask)
    np.testing.assert_allclose([scores.rrf, scores.pointing_game, scores.rank_accuracy], 0.25, rtol=0.03)
    np.testing.assert_allclose([scores.rrf_lift, scores.inside_outside_ratio], 1.0, rtol=1e-5)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("value", [1.0, 1e-30, 3e8, -2.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_map_that_is_the_same_number_everywhere_says_nothing_of_any_place(convention, value, dtype):
    mask = np.zeros((5, 8), bool)
    mask[1:3, 2:7] = True
    rounding = 1 + 2e-7 * np.random.default_rng(0).uniform(-1, 1, (2, 5, 8))
    maps = (value * np.stack([np.ones((5, 8)), rounding[0]])).astype(dtype)
    scores = rm.score_regions(maps, mask, convention=convention).columns()
    del scores["area_share"]
    assert all(np.isnan(values).all() for values in scores.values())


def test_evidence_of_one_size_has_signs_and_no_magnitudes_to_compare():
    maps, mask = np.array([[[1.0, -1.0], [1.0, 1.0]]]), np.array([[True, False], [False, False]])
    assert np.isnan(rm.rrf_lift(maps, mask, convention="absolute"))
    assert rm.rrf_lift(maps, mask) == [pytest.approx(4 / 3)]
    assert rm.rrf_lift(maps, mask, convention="paper") == [pytest.approx(4 / 3)]


def test_all_relevance_inside_has_no_ratio_to_the_outside():
    maps = np.zeros((1, 2, 2), np.float32)
    maps[0, 0, 0] = 0.1
    assert np.isnan(rm.inside_outside_ratio(maps, np.array([[True, False], [False, False]])))


def test_no_images():
    scores = rm.score_regions(np.zeros((0, 3, 4), np.float32), np.zeros((3, 4), bool))
    assert scores.rrf.shape == (0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_value_that_is_not_finite_is_refused_with_its_map(bad, convention, monkeypatch):
    monkeypatch.setattr(weights, "_BLOCK", 1)
    maps, masks = draw(9)
    maps[3, 2, 2] = bad
    with pytest.raises(DataError, match="map 3"):
        rm.rrf(maps, masks, convention=convention)


def test_bad_arguments_are_told():
    maps, masks = draw(10)
    with pytest.raises(UsageError, match="positive"):
        rm.rrf(maps, masks, convention="positiv")
    with pytest.raises(DataError, match="boolean"):
        rm.rrf(maps, masks.astype(float))
    with pytest.raises(DataError, match=r"\[5, 7, 11\]"):
        rm.rrf(maps, masks.transpose(0, 2, 1))
    with pytest.raises(DataError, match="do not fit"):
        rm.rrf(maps, masks[:3])
    with pytest.raises(UsageError, match="tolerance -1"):
        rm.score_regions(maps, masks, tolerance=-1)


def quantus_scores(name: str, maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    quantus = pytest.importorskip("quantus", reason="optional: the `oracles` extra")
    metric = getattr(quantus, name)(abs=False, normalise=False, disable_warnings=True)
    images = np.zeros((len(maps), 1, *maps.shape[1:]), np.float32)
    found = metric(
        model=None,
        x_batch=images,
        y_batch=np.zeros(len(maps), int),
        a_batch=maps[:, None],
        s_batch=masks[:, None],
        channel_first=True,
    )
    return np.asarray(found, float).reshape(-1)


@pytest.mark.filterwarnings("ignore")  # Quantus warns at import and about every setting
@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (rm.rrf, "RelevanceMassAccuracy"),
        (rm.rank_accuracy, "RelevanceRankAccuracy"),
        (rm.pointing_game, "PointingGame"),
    ],
)
def test_agrees_with_quantus_where_it_has_the_metric(metric, name):
    maps, masks = draw(11, n=16, height=9, width=9)
    positive = np.maximum(maps, 0)
    positive += np.linspace(0, 1e-3, positive.size, dtype=np.float32).reshape(positive.shape)  # no ties
    np.testing.assert_allclose(metric(positive, masks), quantus_scores(name, positive, masks), rtol=1e-5)
