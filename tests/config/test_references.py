"""Regions made of regions: in order, and no circles."""

import pytest

from fairaudit.config.references import named_regions, region_order
from fairaudit.config.schema import RegionConfig
from fairaudit.errors import ConfigError

BOX = RegionConfig(box=(0, 0, 1, 1))


def test_regions_come_after_those_they_name():
    regions = {"rest": RegionConfig(complement="both"), "both": RegionConfig(union=["a", "b"]), "b": BOX, "a": BOX}
    order = region_order(regions)
    assert sorted(order) == ["a", "b", "both", "rest"]
    assert order.index("rest") > order.index("both") > max(order.index("a"), order.index("b"))


def test_the_named_regions():
    assert named_regions(BOX) == ()
    assert named_regions(RegionConfig(complement="a")) == ("a",)
    assert named_regions(RegionConfig(union=["b", "a"])) == ("b", "a")


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ({"a": RegionConfig(complement="b"), "b": RegionConfig(union=["a"])}, "a → b → a"),
        ({"a": RegionConfig(complement="a")}, "a → a"),
        ({"tie": BOX, "a": RegionConfig(union=["tye"])}, r'no region called "tye"(.|\n)*tie'),
        ({"a": RegionConfig(union=[])}, "at least one region"),
    ],
)
def test_circles_and_unknown_names_are_refused(regions, message):
    with pytest.raises(ConfigError, match=message):
        region_order(regions)
