"""What a table of per-image numbers is about."""

from fairaudit.tables.row import Subject
from fairaudit.tables.specs import ImageSpec


def test_a_subject_takes_what_the_table_is_about():
    spec = ImageSpec(region="tie", method="lrp", baseline="old", attribute="hat")
    assert spec.about("rrf", group="yes", class_="1") == Subject(
        audit="roi-metrics", metric="rrf", attribute="hat", group="yes", class_="1", region="tie", method="lrp",
        baseline="old",
    )  # fmt: skip


def test_an_attribute_of_the_row_goes_before_that_of_the_table():
    assert ImageSpec(attribute="hat").about("rrf", attribute="skin").attribute == "skin"
    assert ImageSpec().about("rrf").attribute is None
