"""The audit of a table: its numbers by counting, its plan, and rules that it could not judge."""

import pytest

from fairaudit.audits.fairness.table import audit_table, plan_table
from fairaudit.audits.fairness.table_file import TableColumns
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig, GateRule
from fairaudit.errors import UsageError

COLUMNS = TableColumns(truth="y", prediction="p", attributes=("hat",))
AUDIT = AuditConfig(replicates=100, min_cell=1)
# Per hat: (truth, prediction) → rows. Accuracy of red is 7/10, of blue 9/10.
CELLS = {"red": {"11": 4, "10": 1, "00": 3, "01": 2}, "blue": {"11": 5, "00": 4, "01": 1}}


@pytest.fixture
def table(tmp_path):
    rows = [f"{c[0]},{c[1]},{hat}" for hat, cells in CELLS.items() for c, n in cells.items() for _ in range(n)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["y,p,hat", *rows, "1,,red"]) + "\n")
    return path


def options(tmp_path):
    return RunOptions(output=tmp_path / "out", command=("fairaudit",), figures=False, formats=())


def test_the_numbers_by_counting(table, tmp_path):
    rule = GateRule(metric="accuracy_difference", max=0.05)
    report = audit_table(table, COLUMNS, audit=AUDIT, gates=[rule], options=options(tmp_path))
    found = {(m.metric, m.group, m.class_): m.value for m in report.measurements if m.attribute == "hat"}
    assert found["accuracy", "red", None] == pytest.approx(7 / 10)
    assert found["accuracy", "blue", None] == pytest.approx(9 / 10)
    assert found["accuracy_difference", None, None] == pytest.approx(0.2)
    assert (report.data.rows, report.data.scored, len(report.excluded)) == (21, 20, 1)
    assert report.data.cells == {"hat": {"blue": {"0": 5, "1": 5}, "red": {"0": 5, "1": 5}}}
    assert (report.gate.state, report.models) == ("incomplete", [])  # a row was left out
    assert (tmp_path / "out" / "report.json").is_file()


def test_a_weight_of_two_weighs_twice_and_is_one_image(table, tmp_path):
    text = table.read_text().splitlines()
    table.write_text(
        "\n".join([text[0] + ",w", *(f"{row},{2 if row.endswith('red') else 1}" for row in text[1:])]) + "\n"
    )
    columns = TableColumns(truth="y", prediction="p", attributes=("hat",), weight="w")
    report = audit_table(table, columns, audit=AUDIT, gates=[], options=options(tmp_path))
    sizes = {m.group: m.n for m in report.measurements if m.metric == "accuracy" and m.group}
    assert sizes == {"red": 10, "blue": 10}
    weighed = {m.group: m.denominator for m in report.measurements if m.metric == "accuracy" and m.group}
    assert weighed == {"red": 20, "blue": 10}


def test_the_plan_reads_everything_and_writes_nothing(table, tmp_path):
    rules = [GateRule(metric="accuracy_difference", max=0.1), GateRule(metric="rrf", max=0.5, region="tie")]
    plan = plan_table(table, COLUMNS, audit=AUDIT, gates=rules, options=options(tmp_path))
    assert (plan.rows, plan.excluded) == (20, 1)
    assert plan.cells == {"hat": {"blue": {"0": 5, "1": 5}, "red": {"0": 5, "1": 5}}}
    assert len(plan.not_judged) == 1
    assert "rrf" in plan.not_judged[0]
    assert set(plan.detectable) == {"hat"}
    assert not (tmp_path / "out").exists()


def test_a_table_without_an_attribute_is_refused(table, tmp_path):
    columns = TableColumns(truth="y", prediction="p", attributes=())
    with pytest.raises(UsageError, match="hat"):
        plan_table(table, columns, audit=AUDIT, gates=[], options=options(tmp_path))
