"""Every configuration that the documentation shows is one: all YAML blocks of all READMEs, and all example files."""

import re
from pathlib import Path

import pytest
import yaml

from fairaudit.config.schema import Config
from fairaudit.config.yaml_file import read_yaml

ROOT = Path(__file__).parents[1]
FILLED_IN = {"data": {"manifest": "faces.csv", "target": "smiling"}}


def blocks():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("*/**/README.md")]:
        text = path.read_text(encoding="utf-8")
        for number, block in enumerate(re.findall(r"^```ya?ml\n(.*?)^```", text, flags=re.M | re.S)):
            yield pytest.param(block, id=f"{path.relative_to(ROOT)}-{number}")
    for path in sorted(ROOT.glob("example_configs/*.y*ml")):
        yield pytest.param(path.read_text(encoding="utf-8"), id=path.name)


@pytest.mark.parametrize("text", list(blocks()))
def test_every_block_is_a_configuration(text, tmp_path):
    file = tmp_path / "fairaudit.yaml"
    file.write_text(text, encoding="utf-8")
    sections = set(Config.model_fields)
    values = read_yaml(file)
    if not set(values) & sections:
        pytest.skip("a block about something else, such as a pipeline")
    Config.model_validate({**values, "data": {**FILLED_IN["data"], **values.get("data", {})}})


def test_the_reader_is_the_safe_one(tmp_path):
    file = tmp_path / "fairaudit.yaml"
    file.write_text("data: !!python/object/apply:os.getcwd []", encoding="utf-8")
    with pytest.raises(Exception, match="not valid YAML"):
        read_yaml(file)
    assert yaml.safe_load("on: 1") == {True: 1}  # what the reader of configurations does not do
