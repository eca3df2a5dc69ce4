import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from fairaudit.results.report import BLANK, Report, blank_records

EXAMPLE = Path(__file__).parents[1] / "report" / "example.json"


@pytest.mark.parametrize("change", [{"rows": 1204}, {"scored": 1199}])
def test_a_report_in_which_a_row_is_lost_cannot_be_made(change):
    text = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    Report.model_validate(text)
    with pytest.raises(ValidationError, match="rows went in, but"):
        Report.model_validate({**text, "data": {**text["data"], **change}})


def test_blank_records_are_numbered_after_the_rows():
    assert [(row.row, row.id, row.reason) for row in blank_records(["line 3", "line 9"], after=7)] == [
        (7, "line 3", BLANK),
        (8, "line 9", BLANK),
    ]
