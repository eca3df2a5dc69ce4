"""What reaches a page is escaped, clipped and free of control characters; what is markup already stays."""

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from fairaudit.report.templating import LONGEST, environment


def filled(text, **values):
    return environment().from_string(text).render(values)


def test_text_from_data_is_escaped_and_loses_control_characters():
    assert filled("{{ name }}", name="<b>a & b</b>") == "&lt;b&gt;a &amp; b&lt;/b&gt;"
    assert "\x1b" not in filled("{{ name }}", name="a\x1b[31mb")
    assert len(filled("{{ name }}", name="x" * (2 * LONGEST))) <= LONGEST


def test_markup_and_numbers_stay():
    assert filled("{{ mark }} {{ count }}", mark=Markup("<b>1</b>"), count=3) == "<b>1</b> 3"


def test_a_name_that_is_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        filled("{{ missing }}")
