"""Discovery finds planted differences, keeps its family-wise error, and its statistic is the textbook's η²."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery import concentrations, group_differences, too_few_clusters
from fairaudit.measures.regions.windows import Windows, grid_shares, windows

SHAPES = windows(8, [2, 3])


def scene(seed: int, n: int = 120, groups: int = 2, targets: int = 2):
    generator = np.random.default_rng(seed)
    maps = generator.gamma(2.0, size=(n, 16, 16))
    group = Labels(name="g", values=tuple("abcdef"[:groups]), codes=generator.integers(0, groups, n))
    target = Labels(name="t", values=tuple("01"[:targets]), codes=generator.integers(0, targets, n))
    return maps, group, target


def look(grids, group, target, seed=0, replicates=199, **options):
    draw = np.random.default_rng(seed)
    return group_differences(
        grids, SHAPES, group=group, target=target, generator=draw, replicates=replicates, **options
    )


def overlap(box, x0, y0, x1, y1):
    return (
        max(0, min(box[2], x1) - max(box[0], x0)) * max(0, min(box[3], y1) - max(box[1], y0)) / ((x1 - x0) * (y1 - y0))
    )


def test_statistic_is_the_analysis_of_variance_of_each_window():
    maps, group, target = scene(0, groups=3)
    one = Windows(bounds=np.array([[2, 3, 4, 6]]), cells=8)
    grids = grid_shares(maps, cells=8)
    draw = np.random.default_rng(0)
    options = {"group": group, "target": target, "generator": draw}
    found = group_differences(grids, one, replicates=9, level=1.0, least=0.0, explained=0.0, **options)[0]
    share = grids[:, 2:4, 3:6].astype(float).sum(axis=(1, 2))
    between = total = 0.0
    for t in range(2):
        own = share[target.codes == t]
        total += ((own - own.mean()) ** 2).sum()
        for g in range(3):
            cell = share[(target.codes == t) & (group.codes == g)]
            between += len(cell) * (cell.mean() - own.mean()) ** 2
    assert found.statistic == pytest.approx(between / total, rel=1e-9)
    assert found.box == (0.375, 0.25, 0.75, 0.5)
    assert found.area_share == pytest.approx(6 / 64)
    cells = [[share[(target.codes == t) & (group.codes == g)].mean() for g in range(3)] for t in range(2)]
    np.testing.assert_allclose(found.group_shares, np.mean(cells, axis=0))
    assert found.mean_share == pytest.approx(share.mean())
    g, t = "abc".index(found.where[0]), int(found.where[1])
    rest = share[(target.codes == t) & (group.codes != g)].mean()
    assert found.contrast == pytest.approx(cells[t][g] - rest)


def test_p_value_of_one_window_is_that_of_a_permutation_f_test():
    maps, group, _ = scene(1, n=40)
    maps[group.codes == 1, 4:8, 6:12] *= 1.12
    one = Windows(bounds=np.array([[2, 3, 4, 6]]), cells=8)
    grids = grid_shares(maps, cells=8)
    draw = np.random.default_rng(0)
    options = {"group": group, "target": None, "generator": draw}
    found = group_differences(grids, one, replicates=4999, level=1.0, least=0.0, explained=0.0, **options)[0]
    share = grids[:, 2:4, 3:6].astype(float).sum(axis=(1, 2))
    wanted = stats.permutation_test(
        (share[group.codes == 0], share[group.codes == 1]),
        lambda x, y: stats.f_oneway(x, y).statistic,
        n_resamples=2999,
        alternative="greater",
        rng=np.random.default_rng(1),
    ).pvalue
    assert 0.01 < wanted < 0.5  # the case tells something
    assert found.p_value == pytest.approx(wanted, abs=0.04)


def test_planted_difference_of_one_sign_is_found_in_its_place():
    maps, group, target = scene(2)
    maps[group.codes == 1, 10:16, 4:10] *= 2.0
    found = look(grid_shares(maps, cells=8), group, target)
    assert found[0].p_value == pytest.approx(1 / 200)
    assert overlap(found[0].box, 4 / 16, 10 / 16, 10 / 16, 1.0) > 0.5
    assert found[0].where[0] in ("a", "b")
    assert found[0].group_shares[1] > found[0].group_shares[0]


def test_differences_of_opposite_sign_in_the_two_classes_add_up():
    maps, group, target = scene(3, n=160)
    sign = np.where(target.codes == 1, 1.0, -1.0)  # for the class in one, against it in the other
    maps[:, 0:6, 0:6] += (4.0 * sign * (group.codes == 1))[:, None, None]
    found = look(grid_shares(maps, cells=8, kind="signed"), group, target)
    assert overlap(found[0].box, 0, 0, 6 / 16, 6 / 16) > 0.5
    assert found[0].p_value == pytest.approx(1 / 200)


def test_ten_values_are_compared_at_once():
    maps, group, target = scene(4, n=300, groups=6)
    maps[:, 4:8, 4:8] *= (1 + 0.4 * group.codes)[:, None, None]
    found = look(grid_shares(maps, cells=8), group, target)
    assert overlap(found[0].box, 0.25, 0.25, 0.5, 0.5) > 0.5
    assert len(found[0].group_shares) == 6


def test_family_wise_error_without_any_difference():
    false = 0
    for seed in range(60):
        maps, group, target = scene(seed, n=40)
        false += bool(look(grid_shares(maps, cells=8), group, target, seed, 99, least=0.0))
    assert false <= 9  # binomial(60, 0.05): more with probability 0.001


def test_a_trace_of_a_difference_is_significant_but_not_reported():
    maps, group, target = scene(9, n=2000)
    maps[group.codes == 1, 10:16, 4:10] *= 1.2
    grids = grid_shares(maps, cells=8)
    assert look(grids, group, target) == []
    trace = look(grids, group, target, least=0.0)[0]
    assert trace.p_value == pytest.approx(1 / 200)
    assert 0.1 * trace.area_share < abs(trace.contrast) < 0.5 * trace.area_share


def test_a_group_with_less_counts_as_much_as_one_with_more():
    """Of three groups one has 8 % of its relevance there and the others 16: −.08 to them, +.04 for each of them."""
    group = Labels(name="g", values=("a", "b", "c"), codes=np.arange(60) % 3)
    noise = np.random.default_rng(0).uniform(0.99, 1.01, 60)
    inside = np.where(group.codes == 2, 0.08, 0.16) * noise
    grids = np.repeat(np.repeat(((1 - inside) / 60)[:, None, None], 8, axis=1), 8, axis=2)
    grids[:, :2, :2] = (inside / 4)[:, None, None]
    one = Windows(bounds=np.array([[0, 0, 2, 2]]), cells=8)
    for least, number in ((0.9, 1), (1.4, 0)):  # .08 is 1.28 times the window's 4 of 64 cells, and .04 is .64 times
        draw = np.random.default_rng(0)
        found = group_differences(grids, one, group=group, target=None, generator=draw, replicates=99, least=least)
        assert len(found) == number


def test_a_label_that_only_follows_the_target_is_not_a_difference():
    maps, _, target = scene(5, n=200)
    maps[target.codes == 1, 4:8, 4:8] *= 2.0
    generator = np.random.default_rng(5)
    codes = np.where(generator.random(200) < 0.8, target.codes, 1 - target.codes)
    group = Labels(name="g", values=("a", "b"), codes=codes)
    grids = grid_shares(maps, cells=8)
    assert look(grids, group, target) == []
    assert look(grids, group, None)[0].p_value == pytest.approx(1 / 200)


def test_unknown_groups_and_undefined_maps_are_left_out():
    maps, group, target = scene(6)
    maps[group.codes == 1, 10:16, 4:10] *= 2.0
    grids = grid_shares(maps, cells=8)
    extra = np.concatenate([grids, np.full((1, 8, 8), np.nan, np.float32), grids[:1] * 9])
    codes = np.concatenate([group.codes, [0, -1]])
    classes = np.concatenate([target.codes, [0, 0]])
    wider = look(
        extra, Labels(name="g", values=("a", "b"), codes=codes), Labels(name="t", values=("0", "1"), codes=classes)
    )
    assert wider == look(grids, group, target)


def test_nothing_to_compare():
    maps, group, target = scene(7)
    one = Labels(name="g", values=("a", "b"), codes=np.zeros(120, int))
    assert look(grid_shares(maps, cells=8), one, target) == []
    constant = np.full((120, 8, 8), 1 / 64, np.float32)
    assert look(constant, group, target) == []
    assert concentrations(np.full((3, 8, 8), np.nan), SHAPES, generator=np.random.default_rng(0)) == []


def test_concentration_is_found_where_it_is_and_nowhere_in_even_maps():
    maps, _, _ = scene(8)
    maps[:, 2:6, 8:14] *= 1.3
    grids = grid_shares(maps, cells=8, kind="positive")
    found = concentrations(grids, SHAPES, generator=np.random.default_rng(0), replicates=199)
    assert found[0].p_value == pytest.approx(1 / 200)
    assert overlap(found[0].box, 8 / 16, 2 / 16, 14 / 16, 6 / 16) > 0.5
    assert found[0].mean_share > found[0].area_share
    false = 0
    for seed in range(40):
        even = grid_shares(scene(seed, n=40)[0], cells=8, kind="positive")
        false += bool(concentrations(even, SHAPES, generator=np.random.default_rng(seed), replicates=99))
    assert false <= 7  # binomial(40, 0.05): more with probability 0.001


def test_windows_of_every_size_are_kept_where_asked_for():
    maps, group, target = scene(2)
    maps[group.codes == 1, 10:16, 4:10] *= 2.0
    grids = grid_shares(maps, cells=8)
    found = look(grids, group, target, each=1)
    sides = [round(8 * min(f.box[2] - f.box[0], f.box[3] - f.box[1])) for f in found]
    assert sorted(sides) == [2, 3]
    assert found[0].statistic >= found[1].statistic
    best = look(grids, group, target, limit=1)[0]
    assert found[0].box == best.box


@pytest.mark.parametrize(("groups", "targets", "replicates"), [(2, 2, 1000), (6, 2, 648), (6, 10, 299)])
def test_many_cells_get_fewer_permutations(groups, targets, replicates):
    maps, group, _ = scene(2, n=400, groups=groups)  # 1,285 windows: 10⁷ / (6 · 2 · 1,285) = 648
    target = Labels(name="t", values=tuple("0123456789"[:targets]), codes=np.arange(400) % targets)
    maps[group.codes == 1, 8:16, 4:12] *= 8.0
    draw = np.random.default_rng(0)
    shapes = windows()
    found = group_differences(grid_shares(maps), shapes, group=group, target=target, generator=draw)
    assert found[0].p_value == pytest.approx(1 / (1 + replicates), rel=0.02)


def null_persons(seed: int, clusters: int = 16, each: int = 8):
    draw = np.random.default_rng(seed)
    units = np.repeat(np.arange(clusters), each)
    codes = np.repeat(draw.permutation(np.arange(clusters) % 2), each)
    maps = draw.gamma(2, 1, (clusters, 8, 8))[units] + draw.gamma(2, 0.5, (len(units), 8, 8))
    return maps / maps.sum(axis=(1, 2), keepdims=True), units, codes, draw


@pytest.mark.parametrize("kind", ["constant", "target varies", "group varies"])
def test_persons_with_several_images_make_no_windows(kind):
    false = 0
    for seed in range(20):
        grids, units, codes, draw = null_persons(seed)
        classes = (draw.random(len(units)) < np.where(codes == 1, 0.7, 0.3)).astype(int)
        target = None if kind == "constant" else Labels(name="t", values=("0", "1"), codes=classes)
        if kind == "group varies":
            codes = np.where(draw.random(len(units)) < 0.1, 1 - codes, codes)
        group = Labels(name="g", values=("a", "b"), codes=codes)
        false += bool(look(grids, group, target, seed, replicates=99, least=0.0, explained=0.0, clusters=units))
    assert false <= 4  # binomial(20, 0.05): more with probability 0.003; with images as units it is 20


def test_a_planted_difference_is_found_with_persons():
    grids, units, codes, _ = null_persons(0, clusters=30)
    grids[codes == 1, 2:5, 2:5] *= 3.0
    group = Labels(name="g", values=("a", "b"), codes=codes)
    assert look(grids, group, None, clusters=units)[0].p_value == pytest.approx(1 / 200)


def test_clusters_of_one_image_find_what_images_find():
    maps, group, target = scene(2)
    maps[group.codes == 1, 10:16, 4:10] *= 2.0
    grids = grid_shares(maps, cells=8)
    alone = np.arange(len(grids))[::-1]
    assert look(grids, group, target, clusters=alone) == look(grids, group, target)
    options = {"replicates": 99, "level": 1.0}
    one, two = (
        concentrations(grids, SHAPES, generator=np.random.default_rng(0), clusters=units, **options)
        for units in (None, alone)
    )
    assert [found.p_value for found in one] == [found.p_value for found in two]


def test_concentrations_of_persons_and_too_few_clusters():
    false = 0
    for seed in range(20):
        draw = np.random.default_rng(seed)
        units = np.repeat(np.arange(12), 8)
        grids = draw.dirichlet(np.full(64, 2.0), 12)[units].reshape(-1, 8, 8)
        false += bool(
            concentrations(grids, SHAPES, generator=np.random.default_rng(seed), replicates=99, clusters=units)
        )
    assert false <= 5
    few, codes = np.repeat(np.arange(4), 24), np.repeat([0, 0, 1, 1], 24)
    group = Labels(name="g", values=("a", "b"), codes=codes)
    reason = too_few_clusters(grids, few, group=group)
    assert reason == "4 clusters are too few: their smallest p value is 0.33, and 0.05 is needed"  # 2 / (4 over 2)
    assert look(grids, group, None, clusters=few, least=0.0, explained=0.0) == []
    assert "0.062" in too_few_clusters(grids, few)  # 2⁻⁴
    assert concentrations(grids, SHAPES, generator=np.random.default_rng(0), clusters=few) == []
    assert too_few_clusters(grids, None, group=group) is None
    assert too_few_clusters(grids, units) is None
