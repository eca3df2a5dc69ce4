"""Settings per attribute, and the region that shows an attribute."""

import pytest

from fairaudit.config.flips import attribute_names, per_attribute, shown_in
from fairaudit.config.schema import Config
from fairaudit.errors import ConfigError


def config(attribute=None, attributes=("necktie", "hat"), **audit):
    return Config.model_validate(
        {
            "data": {"manifest": "faces.csv", "target": "smiling", "attributes": list(attributes)},
            "regions": {"necktie": {"box": [0, 0, 1, 1]}, "head": {"box": [0, 0, 1, 1]}},
            "audit": {"attribute": attribute, **audit},
        }
    )


def test_one_value_is_about_the_only_audited_attribute():
    assert per_attribute("twin", config("hat"), key="audit.twins") == {"hat": "twin"}
    assert per_attribute("twin", config(["hat"]), key="audit.twins") == {"hat": "twin"}
    assert per_attribute("twin", config(attributes=["necktie"]), key="audit.twins") == {"necktie": "twin"}
    assert per_attribute(None, config(), key="audit.twins") == {}
    for several in (config(), config(attributes=())):
        with pytest.raises(ConfigError, match="does not say which attribute"):
            per_attribute("twin", several, key="audit.twins")


def test_a_table_names_attributes_of_the_data_audited_or_not():
    """`--attribute hat` on a configuration with twins of the necktie must not take them for twins of the hat."""
    table = {"necktie": "twin"}
    assert per_attribute(table, config("hat"), key="audit.twins") == table
    with pytest.raises(ConfigError, match='Did you mean "necktie"'):
        per_attribute({"nektie": "twin"}, config("hat"), key="audit.twins")


def test_the_region_of_the_attributes_name_shows_it_unless_told():
    assert shown_in(config(), "necktie") == "necktie"
    assert shown_in(config(), "hat") is None
    assert shown_in(config(shown_in={"hat": "head"}), "hat") == "head"
    assert attribute_names(config("hat")) == ["hat"]
