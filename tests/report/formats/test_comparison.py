"""The comparison of two models as text, Markdown, HTML and JSON."""

from fairaudit.report.comparison import between
from fairaudit.report.formats import comparison as formats
from fairaudit.results.measurement import Measurement


def changed(report, **values):
    """The report with other numbers for some metrics: name → fields."""
    measurements = [m.model_copy(update=values.get(m.metric, {})) for m in report.measurements]
    return report.model_copy(update={"measurements": measurements})


def rate(value, low, high, level=0.95, **more):
    return Measurement(audit="fairness", metric="tpr", value=value, low=low, high=high, level=level, **more)


def test_text_keeps_to_eighty_columns(report):
    worse = changed(report, equalized_odds_difference={"value": 0.9, "low": 0.8, "high": 0.95})
    lines = formats.text(between(report, worse), most=None).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.endswith("worse") and "0.214" in line and "0.900" in line for line in lines)
    assert "come from the two reports without their images, at a level of 90 %" in " ".join(lines)


def test_text_from_data_stays_text_in_every_form(poisoned):
    found = between(poisoned, poisoned)
    page = formats.html([found])
    assert "<script" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" not in formats.text(found) or "{{ 7*7 }}" in page
    for text in (formats.text(found), formats.markdown(found), page):
        assert "\x1b" not in text
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert "<script" not in formats.markdown(found).replace("\\<", "")
