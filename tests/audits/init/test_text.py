"""The written configuration is read back as what was proposed, whatever the columns are called."""

import numpy as np
import pytest
import yaml

from fairaudit.audits.init.columns import Box, Columns
from fairaudit.audits.init.model import Trial
from fairaudit.audits.init.propose import Proposal
from fairaudit.audits.init.text import configuration, relative
from fairaudit.config.load import load_config
from fairaudit.config.schema import PreprocessConfig

NASTY = ["yes", "on", "a: b", "# no comment", 'say "x"', "1e3", "null", "über", "tab\there", "- list", "{x}", "~"]


def proposal(target, attribute, link="sigmoid"):
    preprocess = PreprocessConfig(size=(64, 48), mean=(0.5,), std=(0.25,))
    return Proposal(
        target=target, why_target="line\nbreak # and more", values=("0", "1"), attributes=(attribute,),
        why_order="as sorted", swapped=False,
        audited=(attribute,), regions=(Box(name=attribute, columns=("p", "q", "r", "s"), units="pixel"),),
        audited_regions=(attribute,), why_scale="some\nreason", link=link,
        trial=Trial(scale="pixels", preprocess=preprocess, decisions=np.zeros(1, np.int64), gap=None),
    )  # fmt: skip


def written(tmp_path, name, link="sigmoid"):
    columns = Columns(image=name, id=name, split=name, use=name, cluster=name, boxes=(), categories={})
    text = configuration(proposal(name, name + "2", link), columns, manifest="t.csv", layout=None, root=name)
    (tmp_path / "fairaudit.yaml").write_text(text, encoding="utf-8")
    return load_config(None, folder=tmp_path, overrides={})[0]


@pytest.mark.parametrize("name", [*NASTY, "plain"])
def test_names_survive(tmp_path, name):
    config = written(tmp_path, name)
    data = config.data
    assert (data.target, data.image, data.id, data.cluster, data.split.use, data.root) == (name,) * 6
    assert data.attributes == [name + "2"] == config.audit.attribute == list(config.regions)
    assert (config.preprocess.size, config.preprocess.mean, config.preprocess.std) == ((64, 48), (0.5,), (0.25,))


def test_a_softmax_says_its_order(tmp_path):
    config = written(tmp_path, "plain", "softmax")
    assert (config.model.output, config.model.classes) == ("softmax", ["0", "1"])


def test_a_layout_in_place_of_a_table():
    columns = Columns(image=None, id=None, split=None, use=None, cluster=None, boxes=(), categories={})
    text = configuration(proposal("a", "b"), columns, manifest=None, layout=("celeba", "CelebA"), root=None)
    assert yaml.safe_load(text)["data"]["manifest"] == {"layout": "celeba", "root": "CelebA"}


def test_paths_are_relative_where_they_can_be(tmp_path):
    assert relative(tmp_path / "a" / "t.csv", tmp_path) == "a/t.csv"
    assert relative(tmp_path / "t.csv", tmp_path / "a") == (tmp_path / "t.csv").as_posix()
