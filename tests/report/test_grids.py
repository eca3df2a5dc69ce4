import pytest

from fairaudit.report.grids import cell_grids, group_grids
from fairaudit.results.measurement import Measurement


def measurement(group, metric="tpr", value=0.5, **fields):
    return Measurement(audit="fairness", metric=metric, attribute="sex", group=group, value=value, **fields)


def grids(report, *measurements):
    return group_grids(report.model_copy(update={"measurements": list(measurements)}))


def test_metrics_go_down_and_groups_across(report):
    grid = group_grids(report)[0]
    assert (grid.title, grid.corner, grid.columns) == ("fairness: necktie", "Metric", ["0", "1"])
    assert grid.rows[0] == ("accuracy", ["0.921 [0.897, 0.940]", "0.848 [0.817, 0.875]"])


def test_many_groups_go_down(report):
    (grid,) = grids(report, *(measurement(str(i), m) for i in range(10) for m in ("tpr", "fpr")))
    assert (grid.corner, grid.columns, [name for name, _ in grid.rows]) == (
        "Group",
        ["tpr", "fpr"],
        [str(i) for i in range(10)],
    )


def test_a_hole_stays_a_hole_and_undefined_is_said(report):
    undefined = measurement("1", value=None, status="undefined", reason="no positives")
    unusable = measurement("1", "fpr", status="unusable", reason="too few images")
    (grid,) = grids(report, measurement("0"), undefined, unusable)
    assert grid.rows == [("tpr", ["0.500", "undefined"]), ("fpr", ["", "0.500 (unusable)"])]


def test_classes_have_a_grid_each(report):
    found = grids(report, measurement("0", **{"class": "a"}), measurement("0", **{"class": "b"}))
    assert [grid.title for grid in found] == ["fairness: sex, class a", "fairness: sex, class b"]


def test_methods_are_told_apart(report):
    (grid,) = grids(report, measurement("0", "rrf", method="lrp"), measurement("0", "rrf", method="ig"))
    assert [name for name, _ in grid.rows] == ["rrf, lrp", "rrf, ig"]


@pytest.mark.parametrize(("group", "expected"), [("<60", ["440", "701"]), ("60+", ["suppressed", "suppressed"])])
def test_cells_are_counts_or_suppressed(report, group, expected):
    grid = next(grid for grid in cell_grids(report.data) if grid.title == "age <group>")
    assert dict(grid.rows)[group] == expected
