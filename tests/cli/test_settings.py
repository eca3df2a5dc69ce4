from pathlib import Path

import pytest

from fairaudit.cli.settings import Asked, format_names, overrides, run_options
from fairaudit.errors import UsageError

DEFAULTS = {
    "output": Path("out"),
    "device": "cpu",
    "precision": "auto",
    "batch_size": "auto",
    "workers": 1,
    "seed": 0,
    "limit": None,
    "fresh": False,
    "max_excluded": 0,
    "trust_model": False,
    "fail_on": "fail",
    "formats": ["md"],
}


def test_what_was_not_given_is_left_to_the_file():
    assert overrides(Asked()) == {}


def test_every_option_lands_in_its_section(tmp_path):
    asked = Asked(
        data=tmp_path / "faces.csv",
        target="smiling",
        attributes=["necktie"],
        regions=["tie"],
        boxes=["tie=0.3,0.75,0.7,1"],
        size="64x48",
        classes=["no, yes"],
        output_kind="softmax",
        arch="torchvision:resnet18",
        methods=["lrp"],
        split="part=test",
    )
    assert overrides(asked) == {
        "data": {
            "manifest": str(tmp_path / "faces.csv"),
            "target": "smiling",
            "attributes": ["necktie"],
            "split": {"column": "part", "use": "test"},
        },
        "preprocess": {"size": [64, 48]},
        "model": {"classes": ["no", "yes"], "output": "softmax", "arch": "torchvision:resnet18"},
        "regions": {"tie": {"box": [0.3, 0.75, 0.7, 1.0], "units": "fraction"}},
        "audit": {"attribute": ["necktie"], "region": ["tie"], "saliency": ["lrp"]},
    }


def test_one_number_is_a_square():
    assert overrides(Asked(size="224")) == {"preprocess": {"size": [224, 224]}}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(boxes=["0,0,1,1"]), "NAME=x0,y0,x1,y1"),
        (Asked(boxes=["tie=0,0,1"]), "has 3 numbers"),
        (Asked(boxes=["tie=0,0,1,a"]), "not a number"),
        (Asked(size="64x"), "HEIGHTxWIDTH"),
        (Asked(size="1x2x3"), "HEIGHTxWIDTH"),
        (Asked(split="test"), "COLUMN=VALUE"),
    ],
)
def test_what_cannot_be_read_says_what_was_wanted(asked, words):
    with pytest.raises(UsageError, match=words):
        overrides(asked)


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("formats", ["md,pdf"], "md, html, junit, csv, github, openmetrics, card, cyclonedx"),
        ("batch_size", "many", "auto, or a number from 1"),
        ("batch_size", "0", "auto, or a number from 1"),
    ],
)
def test_choices_are_checked(option, text, words):
    with pytest.raises(UsageError, match=words):
        run_options(**{**DEFAULTS, option: text})


def test_run_options_are_read():
    options = run_options(**{**DEFAULTS, "batch_size": "32", "formats": ["html, junit"]})
    assert (options.batch_size, options.formats) == (32, ("html", "junit"))
    assert format_names([]) == ("md", "html")
