import pytest

from fairaudit.report.escape import plain
from fairaudit.report.formats.openmetrics import labels, render


def families(text):
    """The families as the reference parser of OpenMetrics reads them, which raises on any breach of its grammar."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="prometheus_client is not installed")
    return {family.name: family for family in parser.text_string_to_metric_families(text)}


def test_the_reference_parser_reads_every_number_that_may_be_relied_on(report):
    found = families(render(report))
    usable = {(m.metric, m.attribute, m.group, m.region, m.method): m for m in report.measurements if m.status == "ok"}
    for name, field in (("estimate", "value"), ("interval_low", "low"), ("interval_high", "high")):
        samples = found[f"fairaudit_{name}"].samples
        read = {
            tuple(s.labels.get(k) for k in ("metric", "attribute", "group", "region", "method")): s.value
            for s in samples
        }
        assert read == {key: getattr(m, field) for key, m in usable.items() if getattr(m, field) is not None}
        assert all(sample.labels["model"] == "biased" for sample in samples)


def test_what_must_not_be_relied_on_is_counted_and_not_told(report):
    found = families(render(report))
    counts = {sample.labels["status"]: sample.value for sample in found["fairaudit_measurements"].samples}
    assert sum(counts.values()) == len(report.measurements)
    assert counts["undefined"] >= 1
    assert counts["unusable"] >= 1


def test_the_gate_is_told(report):
    found = families(render(report))
    assert found["fairaudit_gate_exit_code"].samples[0].value == 3
    states = {sample.labels["state"]: sample.value for sample in found["fairaudit_rules"].samples}
    assert (states["fail"], states["not judged"]) == (2, 0)
    verdicts = [sample.labels["verdict"] for sample in found["fairaudit_verdict"].samples]
    assert verdicts == [verdict.verdict for verdict in report.verdicts]


def test_text_from_data_comes_back_as_the_value_of_a_label(poisoned, nasty):
    found = families(render(poisoned))
    shown = plain(nasty.encode("utf-8", "replace").decode() if "\ud800" in nasty else nasty)
    assert {sample.labels["model"] for sample in found["fairaudit_estimate"].samples} == {shown}


def test_the_grammar_without_the_parser(poisoned):
    lines = render(poisoned).split("\n")
    assert lines[-2:] == ["# EOF", ""]
    assert all(line.startswith(("# TYPE fairaudit_", "# HELP fairaudit_", "fairaudit_")) for line in lines[:-2])


def test_labels_are_escaped():
    assert labels({"a": "x\\n\n", "b": 'q"'}) == '{a="x\\\\n ",b="q\\""}'
