"""Loading fairaudit.yaml: what is accepted, how the command line wins, and what every mistake says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from fairaudit.config.load import load_config
from fairaudit.config.references import region_order
from fairaudit.config.schema import RegionConfig
from fairaudit.errors import ConfigError

GOOD = """
data: {manifest: faces.csv, target: smiling, attributes: [necktie, male], split: {use: 2}}
regions:
  tie: {box: [0.3, 0.7, 0.7, 1.0]}
  rest: {complement: tie}
audit: {attribute: necktie, region: tie}
gates:
  - {metric: accuracy_difference, attribute: necktie, max: 0.1}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "fairaudit.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def failure(folder: Path, text: str, **overrides) -> str:
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_config(None, folder=folder, overrides=overrides)
    return str(caught.value)


def test_the_file_in_the_folder_is_found(tmp_path):
    write(tmp_path, GOOD)
    config, base = load_config(None, folder=tmp_path, overrides={})
    assert base == tmp_path
    assert config.data.target == "smiling"
    assert config.data.split is not None
    assert config.data.split.use == "2"  # a number is a name too


def test_a_path_may_be_a_file_or_its_folder_and_a_byte_order_mark_is_fine(tmp_path):
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "fairaudit.yaml"
    path.write_bytes(b"\xef\xbb\xbfdata: {manifest: a.csv}")
    for given in (Path("deep"), Path("deep/fairaudit.yaml"), path):
        config, base = load_config(given, folder=tmp_path, overrides={})
        assert (config.data.manifest, base) == ("a.csv", tmp_path / "deep")


def test_a_pipe_is_never_waited_for_and_a_circle_of_links_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    for name, words in (("pipe.yaml", "Found: a pipe"), ("circle.yaml", "symbolic links"), ("none.yaml", "not exist")):
        with pytest.raises(ConfigError, match=words):
            load_config(Path(name), folder=tmp_path, overrides={})


@pytest.mark.parametrize("number", ["1000000000000000000000000000000", "0x" + "f" * 400, "99"])
def test_replicates_that_no_memory_holds_are_refused(tmp_path, number):
    write(tmp_path, f"data: {{manifest: a.csv}}\naudit: {{replicates: {number}}}\n")
    with pytest.raises(ConfigError, match=r"audit\.replicates"):
        load_config(None, folder=tmp_path, overrides={})


def test_the_command_line_wins_key_by_key(tmp_path):
    write(tmp_path, GOOD)
    config, _ = load_config(None, folder=tmp_path, overrides={"data": {"target": "hat"}, "audit": {"level": 0.9}})
    assert (config.data.target, config.data.attributes) == ("hat", ["necktie", "male"])
    assert (config.audit.level, config.audit.attribute) == (0.9, "necktie")


def test_a_region_and_a_manifest_are_replaced_as_a_whole(tmp_path):
    write(tmp_path, GOOD.replace("faces.csv", "{layout: celeba, root: c}"))
    overrides = {
        "regions": {"tie": {"polygon": [(0, 0), (1, 0), (0, 1)]}},
        "data": {"manifest": {"layout": "wilds", "root": "w"}},
    }
    config, _ = load_config(None, folder=tmp_path, overrides=overrides)
    assert config.regions["tie"].kind == "polygon"
    assert config.data.manifest.layout == "wilds"  # type: ignore[union-attr]


def test_paths_of_the_command_line_start_from_the_working_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", GOOD)
    config, base = load_config(Path("deep"), folder=tmp_path, overrides={"data": {"manifest": "mine.csv", "root": "r"}})
    assert (base / str(config.data.manifest)) == tmp_path / "mine.csv"
    assert (base / str(config.data.root)) == tmp_path / "r"
    layout = {"data": {"manifest": {"layout": "mnist", "root": "m"}}}
    config, base = load_config(Path("deep"), folder=tmp_path, overrides=layout)
    assert (base / config.data.manifest.root) == tmp_path / "m"  # type: ignore[union-attr]


def test_no_file_is_needed_when_the_command_line_names_the_data(tmp_path):
    config, base = load_config(None, folder=tmp_path, overrides={"data": {"manifest": "a.csv"}})
    assert (config.data.manifest, base) == ("a.csv", tmp_path)
    with pytest.raises(ConfigError, match="no configuration and no manifest"):
        load_config(None, folder=tmp_path, overrides={})
    with pytest.raises(ConfigError, match="does not exist"):
        load_config(Path("nowhere.yaml"), folder=tmp_path, overrides={})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: {manifes: a.csv}", ['unknown key "manifes"', "key data.manifes", 'Did you mean "manifest"']),
        ("data: {manifest: a.csv}\ngates: [{metrc: x, max: 1}]", ['"metrc"', "gates[0].metrc", '"metric"']),
        ("data: {manifest: a.csv}\nregions: {tie: {bx: [0, 0, 1, 1]}}", ["regions.tie.bx", 'Did you mean "box"']),
        ("data: {manifest: {layout: celeba, rot: x}}", ["data.manifest.rot", 'Did you mean "root"', "manifest.root"]),
        ("data: {manifest: {layout: celebb, root: x}}", ["data.manifest.layout", "'celeba'", "Found: 'celebb'"]),
        ("daat: {}\ndata: {manifest: a}", ['unknown key "daat"', 'Did you mean "data"']),
        ("data: {}", ['lacks the key "manifest"', "key data.manifest"]),
        ("audit: {}", ['lacks the key "data"']),
        ("data: {manifest: a, target: yes}", ["data.target", "Found: True", "quotes"]),
        ("data: {manifest: a}\npreprocess: {size: [0, 3]}", ["size must be from 1 x 1", "key preprocess"]),
        ("data: {manifest: a}\npreprocess: {crop: [0, 3]}", ["crop must be at least 1 x 1"]),
        ("data: {manifest: a}\nregions: {t: {}}", ["exactly one of", "found: none", "regions.t"]),
        ("data: {manifest: a}\nregions: {t: {box: [0, 0, .nan, 1]}}", ["regions.t.box[2]", "finite"]),
        ("data: {manifest: a}\naudit: {level: 2}", ["audit.level", "Found: 2"]),
        (
            "data: {manifest: a}\nmodel: {threshold: x}\naudit: {level: 2}",
            ["model.threshold", "Also wrong", "audit.level"],
        ),
        ("data: [1", ["not valid YAML", "line 1"]),
        ("data:\n  manifest: a\n  manifest: b", ["not valid YAML", 'key "manifest" occurs twice', "line 3"]),
        ("data: !!python/object:os.system {}", ["not valid YAML", "line 1"]),
        ("- 1", ["not a mapping", "Found: list"]),
        ("1: {}", ["not a mapping"]),
    ],
)
def test_every_mistake_says_where_and_what(tmp_path, text, words):
    message = failure(tmp_path, text)
    assert [word for word in words if word not in message] == [], message
    assert "\n" not in message
    assert "fairaudit.yaml" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            GOOD.replace("attribute: necktie, region", "attribute: neckti, region"),
            ['attribute called "neckti"', '"necktie"'],
        ),
        (
            GOOD.replace("region: tie", "region: [tie, ty]"),
            ['region called "ty"', "Known: rest, tie", "audit.region"],
        ),
        (GOOD.replace("attribute: necktie, max", "attribute: hat, max"), ["gates[0].attribute", '"hat"']),
        (GOOD.replace("max: 0.1", "max: 0.1, region: hat"), ["gates[0].region", "Known: rest, tie"]),
        (GOOD.replace("audit: {", "audit: {control: [age], "), ["audit.control", '"age"']),
        (GOOD.replace("split:", "resample: {attribute: femal}, split:"), ["data.resample.attribute", '"male"']),
        (GOOD.replace("complement: tie", "complement: tye"), ["regions.rest.complement", 'Did you mean "tie"']),
        (GOOD.replace("complement: tie", "union: [tie, rest]"), ["circle", "rest → rest"]),
    ],
)
def test_names_that_do_not_exist(tmp_path, text, words):
    message = failure(tmp_path, text)
    assert [word for word in words if word not in message] == [], message


def test_a_wrong_value_of_the_command_line_names_the_command_line(tmp_path):
    message = failure(tmp_path, GOOD, audit={"level": 7})
    assert "the command line, key audit.level" in message


def test_a_gate_may_name_an_intersection_and_a_planted_attribute(tmp_path):
    write(tmp_path, GOOD.replace("attribute: necktie, max", "attribute: necktie & male, max"))
    assert load_config(None, folder=tmp_path, overrides={})[0].gates[0].attribute == "necktie & male"
    planted = {"data": {"bias": {"rho": 0.9}}, "audit": {"attribute": "colour"}}
    assert load_config(None, folder=tmp_path, overrides=planted)[0].audit.attribute == "colour"


def test_a_file_that_is_not_utf8(tmp_path):
    (tmp_path / "fairaudit.yaml").write_bytes("data: {manifest: é.csv}".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(None, folder=tmp_path, overrides={})


def test_region_order_puts_parents_first_and_finds_circles():
    box = RegionConfig(box=(0, 0, 1, 1))
    regions = {"c": RegionConfig(union=["b", "a"]), "b": RegionConfig(complement="a"), "a": box}
    assert region_order(regions) == ("a", "b", "c")
    with pytest.raises(ConfigError, match="x → y → x"):
        region_order({"x": RegionConfig(complement="y"), "y": RegionConfig(union=["x"])})
    with pytest.raises(ConfigError, match="at least one"):
        region_order({"x": RegionConfig(union=[])})


@pytest.mark.parametrize("arch", ["subprocess:getoutput(cmd='touch ran')", "mine:make", "torch.nn:Linear", ":x", "x"])
def test_a_file_names_no_code_to_run_without_trust(tmp_path, arch):
    text = {"data": {"manifest": "a.csv", "target": "t"}, "model": {"arch": arch}}
    (tmp_path / "fairaudit.yaml").write_text(yaml.safe_dump(text))
    with pytest.raises(ConfigError, match=r"names code to run.*--trust-model"):
        load_config(None, folder=tmp_path, overrides={})
    trusted, _ = load_config(None, folder=tmp_path, overrides={}, trust=True)
    assert trusted.model.arch == arch
    typed, _ = load_config(None, folder=tmp_path, overrides={"model": {"arch": "mine:make"}})
    assert typed.model.arch == "mine:make"


@pytest.mark.parametrize("arch", ["torchvision:resnet18", " torchvision:resnet18(num_classes=2)", "timm:resnet18"])
def test_architectures_of_the_libraries_need_no_trust(tmp_path, arch):
    text = {"data": {"manifest": "a.csv", "target": "t"}, "model": {"arch": arch}}
    (tmp_path / "fairaudit.yaml").write_text(yaml.safe_dump(text))
    config, _ = load_config(None, folder=tmp_path, overrides={})
    assert config.model.arch == arch
