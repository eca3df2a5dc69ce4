import json

import pytest

from fairaudit.report.formats.card import results
from fairaudit.report.formats.cyclonedx import render


@pytest.fixture(scope="module")
def faults():
    """What the strict validator of cyclonedx-python-lib has against a document of version 1.6; None for nothing."""
    pytest.importorskip("cyclonedx", reason="cyclonedx-python-lib is not installed")
    pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str


def card(report):
    return json.loads(render(report))["metadata"]["component"]["modelCard"]


def test_the_strict_validator_has_nothing_against_it(report, faults):
    assert faults(render(report)) is None


def test_text_from_data_is_valid_too(poisoned, faults):
    assert faults(render(poisoned)) is None


def test_the_validator_would_have_seen_a_wrong_field(report, faults):
    assert faults(render(report).replace('"groupAtRisk"', '"groupsAtRisk"')) is not None


def test_every_number_stands_with_its_slice_and_interval(report):
    found = card(report)["quantitativeAnalysis"]["performanceMetrics"]
    for entry, measurement in zip(found, results(report), strict=True):
        assert (entry["type"], float(entry["value"])) == (measurement.metric, measurement.value)
        ends = entry.get("confidenceInterval", {"lowerBound": "nan", "upperBound": "nan"})
        if measurement.low is not None:
            assert (float(ends["lowerBound"]), float(ends["upperBound"])) == (measurement.low, measurement.high)
        assert (measurement.group is None) or f"group {measurement.group}" in entry["slice"]


def test_every_verdict_is_an_assessment_that_names_who_is_worst_off(report):
    found = card(report)["considerations"]["fairnessAssessments"]
    assert [entry["harms"].partition(".")[0] for entry in found] == [v.verdict for v in report.verdicts]
    assert found[0]["groupAtRisk"] == "groups of necktie, region necktie; worst off: 1"


def test_the_serial_number_follows_from_the_numbers(report):
    later = report.model_copy(update={"run": report.run.model_copy(update={"started": "2030-01-01T00:00:00+00:00"})})
    other = report.model_copy(update={"data": report.data.model_copy(update={"digest": "e" * 64})})
    serials = [json.loads(render(each))["serialNumber"] for each in (report, later, other)]
    assert serials[0] == serials[1] != serials[2]


def test_the_model_is_named_by_its_digest(report):
    component = json.loads(render(report))["metadata"]["component"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": report.models[0].sha256}]
    assert "hashes" not in json.loads(render(report.model_copy(update={"models": []})))["metadata"]["component"]
