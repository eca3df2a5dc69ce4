import pytest
from pydantic import ValidationError

from fairaudit.results.measurement import Measurement, finite, identity


def test_the_id_names_everything_that_is_set():
    measurement = Measurement.model_validate(
        {"audit": "fairness", "metric": "tpr", "value": 0.5, "attribute": "sex", "group": "1", "class": "smiling"}
    )
    assert measurement.id == identity(measurement) == "fairness/tpr/attribute=sex/group=1/class=smiling"


def test_an_id_that_is_given_stays():
    assert Measurement(audit="a", metric="m", value=1.0, id="mine").id == "mine"


@pytest.mark.parametrize(
    "fields",
    [
        {"value": None},
        {"value": None, "status": "undefined"},
        {"value": 1.0, "status": "unusable"},
        {"value": float("nan")},
        {"value": float("inf")},
        {"value": 1.0, "low": float("nan")},
        {"value": 1.0, "surprise": 1},
        {"value": 1.0, "status": "maybe"},
    ],
)
def test_what_is_no_sound_measurement_is_refused(fields):
    with pytest.raises(ValidationError):
        Measurement(audit="a", metric="m", **fields)


def test_undefined_with_a_reason_is_a_measurement():
    measurement = Measurement(audit="a", metric="m", value=None, status="undefined", reason="no positives")
    assert measurement.value is None


@pytest.mark.parametrize(("value", "expected"), [(None, None), (float("nan"), None), (float("-inf"), None), (2, 2.0)])
def test_finite(value, expected):
    assert finite(value) == expected
