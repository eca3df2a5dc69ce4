"""What goes together in training is told in one of two ways, and defaults are those of the documentation."""

import pytest
from pydantic import ValidationError

from fairaudit.config.schema import Aligned, AuditConfig, Config


def test_either_a_split_or_pairs():
    assert Aligned(split="train").split == "train"
    assert Aligned(pairs={"tie": {"0": "0"}}).pairs
    for given in ({}, {"split": "train", "pairs": {"tie": {"0": "0"}}}):
        with pytest.raises(ValidationError):
            Aligned(**given)


@pytest.mark.parametrize(
    "change", [{"level": 0.5}, {"replicates": 99}, {"tolerance": 0}, {"min_cell": -1}, {"fills": []}, {"levle": 0.9}]
)
def test_numbers_that_mean_nothing_and_unknown_keys_are_refused(change):
    with pytest.raises(ValidationError):
        AuditConfig(**change)


def test_every_section_has_its_defaults():
    config = Config.model_validate({"data": {"manifest": "t.csv"}})
    assert config.audit == AuditConfig()
    assert (config.gates, config.regions) == ([], {})
