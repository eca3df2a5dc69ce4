"""Presets against the libraries' own transforms, and what is told where images are prepared otherwise."""

import pytest

from fairaudit.config.schema import PreprocessConfig
from fairaudit.models.files.preset import differs, in_yaml, timm_preset, transformers_preset


@pytest.mark.parametrize(("side", "share"), [(224, 0.875), (224, 0.9), (288, 0.95), (240, 1.0)])
def test_resize_and_crop_are_those_of_timm(side, share):
    timm_data = pytest.importorskip("timm.data", reason="needs the extra hub")
    facts = {"input_size": [3, side, side], "crop_pct": share, "interpolation": "bicubic"}
    steps = timm_data.create_transform((3, side, side), crop_pct=share, interpolation="bicubic").transforms
    found = timm_preset(facts)
    assert found["resize"]["shorter"] == steps[0].size
    assert (found["crop"], found["crop"]) == tuple(steps[1].size)
    assert found["interpolation"] == steps[0].interpolation.value


def test_a_preset_is_a_preprocess_section():
    for preset in (
        timm_preset({"input_size": [3, 224, 224]}),
        transformers_preset(
            {"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}}
        ),
        transformers_preset({"size": 224, "resample": 3}),
    ):
        assert PreprocessConfig.model_validate(preset).size == (224, 224)
        assert in_yaml(preset).startswith("preprocess: {")


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"input_size": "no"},
        {"input_size": [3, 224, 200]},
        {"input_size": [3, 224, 224], "crop_pct": 0},
        {"input_size": [3, 224, 224], "crop_mode": "border"},
    ],
)
def test_what_cannot_be_said_is_not_said(facts):
    assert timm_preset(facts) == {}
    assert in_yaml(timm_preset(facts)) == ""


@pytest.mark.parametrize(
    "facts", [{}, {"do_resize": False, "size": 224}, {"size": {"shortest_edge": 224}}, {"size": {"height": "x"}}]
)
def test_no_preset_of_transformers(facts):
    assert transformers_preset(facts) == {}


def test_another_way_is_told_and_the_same_way_is_not():
    preset = timm_preset({"input_size": [3, 224, 224], "crop_pct": 0.875, "interpolation": "bicubic"})
    assert differs(PreprocessConfig(size=(224, 224)), preset)
    assert not differs(PreprocessConfig.model_validate(preset), preset)
    assert not differs(PreprocessConfig(size=(224, 224)), {})
