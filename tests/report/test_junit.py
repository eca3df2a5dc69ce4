import xml.etree.ElementTree as ET

from fairaudit.gate.judge import judge
from fairaudit.report import junit

CHILD = {"fail": "failure", "inconclusive": "skipped", "incomplete": "error"}


def parsed(report):
    return ET.fromstring(junit.render(report))  # noqa: S314 (our own text)


def test_golden(report, golden):
    golden(junit.render(report), "report.xml")


def test_every_rule_is_a_case_with_its_state(report):
    root = parsed(report)
    cases = root.findall(".//testcase")
    found = sorted(next((c.tag for c in case if c.tag in CHILD.values()), "pass") for case in cases)
    asked = [CHILD.get(result.state, "pass") for result in report.gate.rules]
    assert found == sorted([*asked, *["skipped"] * len(report.verdicts)])  # no rule asks about the verdicts
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)


def test_counts_add_up(report):
    root = parsed(report)
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root.findall("testsuite"))
    for suite in root.findall("testsuite"):
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))


def test_the_numbers_are_there_with_all_digits(report):
    root = parsed(report)
    case = next(c for c in root.iter("testcase") if "equalized_odds_difference (attribute necktie)" in c.get("name"))
    values = {entry.get("name"): float(entry.get("value")) for entry in case.iter("property")}
    assert (values["value"], values["images"]) == (0.2143, 1200)
    assert values["high"] == report.gate.rules[0].high


def test_two_rules_on_one_number_are_two_cases(report):
    rules = [report.gate.rules[0], report.gate.rules[0]]
    doubled = report.model_copy(update={"verdicts": [], "gate": report.gate.model_copy(update={"rules": rules})})
    names = [case.get("name") for case in parsed(doubled).iter("testcase")]
    assert len(set(names)) == 2


def test_text_from_data_is_legal_xml(poisoned):
    root = parsed(poisoned)
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert len(list(root.iter("testcase"))) == len(poisoned.gate.rules) + len(poisoned.verdicts)


def test_nothing_gated_is_a_suite_without_cases(report):
    empty = report.gate.model_copy(update={"state": "none", "rules": []})
    root = parsed(report.model_copy(update={"gate": empty, "verdicts": []}))
    assert (root.get("tests"), len(root.findall("testsuite"))) == ("0", 1)


def test_a_verdict_is_a_case_whose_name_does_not_depend_on_it(report):
    verdicts = [verdict.model_copy(update={"verdict": "no evidence"}) for verdict in report.verdicts]
    gate = judge([], report.measurements, verdicts=verdicts)
    passed = parsed(report.model_copy(update={"verdicts": verdicts, "gate": gate}))
    failed = parsed(report.model_copy(update={"gate": judge([], report.measurements, verdicts=report.verdicts)}))
    assert [c.get("name") for c in passed.iter("testcase")] == [c.get("name") for c in failed.iter("testcase")]
    assert passed.get("failures") == "0"
    assert int(failed.get("failures")) == sum(
        verdict.verdict not in ("no evidence", "undecided") for verdict in report.verdicts
    )
