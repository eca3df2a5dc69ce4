"""Strengths and biases of `fairaudit selftest`, and its plan in words."""

import pytest

from fairaudit.audits.selftest.plan import SelftestPlan
from fairaudit.cli.launch.selftest import lines, planted_biases, strengths
from fairaudit.config.schema import Config
from fairaudit.errors import UsageError


def test_strengths_once_each_in_order():
    assert strengths(["0.99,0.9", "0.9", "1"]) == (0.9, 0.99, 1.0)


@pytest.mark.parametrize("texts", [[""], ["0"], ["1.1"], ["nan"], ["inf"], ["0.9,a"], []])
def test_other_strengths_are_refused(texts):
    with pytest.raises(UsageError, match="--rho"):
        strengths(texts)


def test_the_configurations_bias_is_the_default_and_a_patch_without_one():
    plain = Config.model_validate({"data": {"manifest": "t"}})
    own = Config.model_validate({"data": {"manifest": "t", "bias": {"kind": "corruption", "attribute": "weather"}}})
    assert [bias.kind for bias in planted_biases(None, plain)] == ["patch"]
    assert [bias.attribute for bias in planted_biases(None, own)] == ["weather"]
    assert [bias.kind for bias in planted_biases(["patch, red_green"], own)] == ["patch", "red_green"]


@pytest.mark.parametrize(("controls", "words"), [(1, "1 of them is a control"), (3, "3 of them are controls")])
def test_the_plan_keeps_to_eighty_columns(controls, words):
    plan = SelftestPlan(
        models=9, controls=controls, planted=["patch at rho 0.9, 0.99"], train_images=1500, epochs=1, audit_images=300,
        audits=["fairness", "causal"], seconds=90.0, memory_bytes=2**21, notes=["a"],
    )  # fmt: skip
    text = list(lines(plan))
    assert text[0] == "9 models: patch at rho 0.9, 0.99"
    assert words in text[1]
    assert "Each sees 1,500 images 1 time and is audited on 300 others." in text
    assert text[-2:] == ["2 MiB of memory were needed for the first images.", "a"]
    assert max(map(len, text)) <= 80
