import csv
import io
import json

from fairaudit.report import table


def read(report):
    return list(csv.DictReader(io.StringIO(table.render(report))))


def test_golden(report, golden):
    golden(table.render(report), "report.csv")


def test_every_number_is_there_with_all_digits(report):
    rows = read(report)
    assert [row["id"] for row in rows] == [m.id for m in report.measurements]
    for row, measurement in zip(rows, report.measurements, strict=True):
        assert row["value"] == ("" if measurement.value is None else repr(measurement.value))
        assert json.loads(row["extra"] or "{}") == measurement.extra
        assert row["class"] == (measurement.class_ or "")


def test_the_worst_verdict_on_a_number_is_beside_it(report):
    expected = {}
    for result in report.gate.rules:
        expected.setdefault(result.measurement, result.state)
    assert [row["gate"] for row in read(report)] == [expected.get(m.id, "") for m in report.measurements]


def test_text_from_data_is_neither_a_formula_nor_a_line(poisoned):
    rows = list(csv.reader(io.StringIO(table.render(poisoned))))
    assert len(rows) == 1 + len(poisoned.measurements)
    assert {len(row) for row in rows} == {len(table.COLUMNS)}
    for row in rows[1:]:
        texts = [row[table.COLUMNS.index(name)] for name in ("model", "attribute", "group", "region")]
        assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]
