"""A fairaudit.yaml in the working folder makes nothing run: every key of the schema is tried with canaries."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from fairaudit.config.load import load_config
from fairaudit.config.schema import Config
from fairaudit.errors import ConfigError

ITEM, KEY = "[]", "{}"
"""Steps of a place: into a list, and under a name of one's own."""
CODE = "canary:make"
EXPRESSION = "__import__('os').mkdir('ran')"
PICKLE = "canary.pkl"
SCRIPT = "canary.pt"
CALL = "os:mkdir(path='ran')"


class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)


class Writes(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).sum(1, keepdim=True) * torch.from_file("ran", True, 4).fill_(1.0)[:1]


def places(schema: dict[str, Any], node: dict[str, Any], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place of the configuration that can hold a text."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    for other in (*node.get("anyOf", ()), *node.get("allOf", ())):
        yield from places(schema, other, place)
    if node.get("type") == "string" or "enum" in node or "const" in node:
        yield place
    for name, child in node.get("properties", {}).items():
        yield from places(schema, child, (*place, name))
    if isinstance(node.get("additionalProperties"), dict):
        yield (*place, KEY)  # a name is a text too
        yield from places(schema, node["additionalProperties"], (*place, KEY))
    for child in (node.get("items"), *node.get("prefixItems", ())):
        if isinstance(child, dict):
            yield from places(schema, child, (*place, ITEM))


SCHEMA = Config.model_json_schema()
PLACES = sorted(set(places(SCHEMA, SCHEMA)))


def put(value: Any, place: tuple[str, ...], canary: str) -> Any:
    """The configuration with the canary in that place; what stands beside it stays."""
    if not place:
        return canary
    step, rest = place[0], place[1:]
    if step == ITEM:
        return [put(None, rest, canary)] * 2
    if step == KEY:
        if not rest:
            return {canary: next(iter(value.values()), "x") if isinstance(value, dict) and value else "x"}
        names = list(value) if isinstance(value, dict) and value else ["patch"]
        return {names[0]: put((value or {}).get(names[0]) if isinstance(value, dict) else None, rest, canary)}
    found = dict(value) if isinstance(value, dict) else {}
    found[step] = put(found.get(step), rest, canary)
    return found


@pytest.fixture
def trapped(lab):
    """The lab with canaries: each leaves `ran` behind when it is imported, called, unpickled or computed."""
    (lab.folder / "canary.py").write_text("import os\nos.mkdir('ran')\ndef make():\n    os.mkdir('ran')\n")
    for name in (PICKLE, "pickled.npy", "pickled.csv"):
        torch.save(Evil(), lab.folder / name)
    np.save(lab.folder / "objects.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    lab.save(Writes(), SCRIPT)
    sys.modules.pop("canary", None)
    return lab


def test_the_places_are_those_that_a_text_can_reach():
    texts = {".".join(place) for place in PLACES}
    for known in ("model.arch", "model.weights", "model.head", "data.manifest", "data.manifest.root", "audit.cvae"):
        assert known in texts
    for known in (
        "audit.cvae.{}",
        "audit.saliency.[]",
        "regions.{}.mask",
        "audit.twins.{}",
        "data.bias.corruptions.[]",
    ):
        assert known in texts
    assert len(PLACES) > 60


@pytest.mark.parametrize("canary", [CODE, EXPRESSION, PICKLE, SCRIPT, CALL])
def test_no_key_runs_what_it_names(trapped, canary):
    path = trapped.folder / "fairaudit.yaml"
    whole = yaml.safe_load(path.read_text())
    went_on = []
    for place in PLACES:
        path.write_text(yaml.safe_dump(put(whole, place, canary)))
        try:
            load_config(None, folder=trapped.folder, overrides={})
        except ConfigError:
            continue
        finally:
            assert not (trapped.folder / "ran").exists(), place
        done = trapped.run("audit", "model.pt", "--dry-run", "-o", "out")
        assert done.code in (0, 2), (place, done.err)
        assert "Traceback" not in done.err
        assert not (trapped.folder / "ran").exists(), place
        assert "canary" not in sys.modules, place
        went_on += [place] * (done.code == 0)
    assert not {("model", "arch"), ("audit", "cvae"), ("data", "manifest")} & set(went_on)


@pytest.mark.parametrize("tag", ["object/apply:os.mkdir [ran]", "name:os.mkdir ''", "object/new:os.mkdir [ran]"])
def test_no_tag_runs_what_it_names(trapped, tag):
    path = trapped.folder / "fairaudit.yaml"
    whole = path.read_text()
    for text in (f"{whole}z: !!python/{tag}\n", whole.replace("label", f"!!python/{tag}", 1), f"!!python/{tag}\n"):
        path.write_text(text)
        trapped.run("audit", "model.pt", "--dry-run").refused("not valid YAML")
        assert not (trapped.folder / "ran").exists()


def test_files_that_an_audit_itself_opens_run_nothing(trapped):
    """What a dry run does not touch: masks, twins and conditional VAEs of a whole run."""
    path = trapped.folder / "fairaudit.yaml"
    whole = yaml.safe_load(path.read_text())
    for place, canary in ((("audit", "cvae"), PICKLE), (("audit", "cvae"), SCRIPT), (("regions", KEY, "mask"), PICKLE)):
        found = put(whole, place, canary)
        found["regions"]["patch"].pop("columns" if "mask" in found["regions"]["patch"] else "", None)
        path.write_text(yaml.safe_dump(found))
        assert trapped.run("audit", "model.pt", "-o", "out").code == 2
        assert not (trapped.folder / "ran").exists()


def test_without_the_guard_the_canaries_would_run(trapped):
    """The other half of the proof: on the command line, where code may be named, the same factory is called."""
    torch.save(nn.Linear(1, 1).state_dict(), trapped.folder / "w.pth")
    trapped.run("audit", "w.pth", "--arch", CODE, "--dry-run")
    assert (trapped.folder / "ran").exists()
    sys.modules.pop("canary", None)
