import copy
import json

import jsonschema
import pytest

from fairaudit.report.schema import SHIPPED, report_schema
from fairaudit.results.store import report_text


@pytest.fixture(scope="module")
def validator():
    schema = report_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_shipped_schema_is_the_one_of_this_version():
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == report_schema(), (
        "write `fairaudit schema` to report/report.schema.json"
    )


def test_a_report_follows_the_schema(validator, report):
    validator.validate(json.loads(report_text(report)))


def changed(report, path, value):
    content = copy.deepcopy(json.loads(report_text(report)))
    place = content
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("surprise",), 1),
        (("gate", "state"), "maybe"),
        (("gate", "exit_code"), "3"),
        (("measurements", 0, "better"), "up"),
        (("measurements", 0, "value"), "0.2"),
        (("measurements", 0, "metric"), ...),
        (("data", "rows"), ...),
        (("verdicts", 0, "verdict"), "fair"),
    ],
)
def test_what_is_no_report_does_not(validator, report, path, value):
    assert not validator.is_valid(changed(report, path, value))


def test_every_field_is_described(validator):
    parts = [validator.schema, *validator.schema["$defs"].values()]
    bare = [
        (part.get("title"), name)
        for part in parts
        for name, field in part.get("properties", {}).items()
        if not (field.get("description") or "$ref" in field)
    ]
    assert bare == []
