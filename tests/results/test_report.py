import json
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from fairaudit.results.report import VERDICTS_WORST_FIRST, JointVerdict, Report

EXAMPLE = Path(__file__).parents[1] / "report" / "example.json"


@pytest.mark.parametrize("change", [{"rows": 1204}, {"scored": 1199}])
def test_a_report_in_which_a_row_is_lost_cannot_be_made(change):
    text = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    Report.model_validate(text)
    with pytest.raises(ValidationError, match="rows went in, but"):
        Report.model_validate({**text, "data": {**text["data"], **change}})


def test_the_order_of_verdicts_has_each_once():
    assert sorted(VERDICTS_WORST_FIRST) == sorted(get_args(JointVerdict))
