"""What the answers of a self-test depend on, how much there is to do, and which model an entry is about."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.selftest.bench import Bench, numbered, weights_file
from fairaudit.audits.selftest.options import Case, SelftestOptions, biases_of, cases_of
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.part import Part

CASE = Case(bias=0, kind="patch", rho=0.9, seed=1)


class Rows(list):
    def __init__(self, count, digest):
        super().__init__(range(count))
        self.digest = lambda: digest


def bench(audited="a", **changes):
    asked = SelftestOptions(**{"biases": biases_of(["patch"]), "epochs": 3, **changes})
    model = SimpleNamespace(sha256="s", device="cpu")
    data = SimpleNamespace(train=Rows(10, "t"), audit=Rows(4, audited))
    return Bench(trainer=SimpleNamespace(model=model, arch=None), data=data,
                 config=Config.model_validate({"data": {"manifest": "t.csv"}}), asked=asked,
                 options=RunOptions(output=Path("out"), command=()), cases=cases_of(asked))  # fmt: skip


def test_images_that_are_seen_for_one_model():
    assert bench().units() == 3 * 10 + 4


@pytest.mark.parametrize(
    "change", [{"audited": "b"}, {"rate": 1e-4}, {"seeds": 1}, {"prune": True}, {"discover": False}]
)
def test_every_change_is_another_key(change):
    assert bench(**change).key() != bench().key()
    assert bench().key() == bench().key()


def test_weights_do_not_depend_on_what_is_audited():
    assert bench(prune=True)._training() == bench()._training()
    assert weights_file(Path("out"), CASE) == Path("out/models/patch-rho-0.9-seed-1.safetensors")


def test_every_entry_says_which_model_it_is_about():
    found = numbered(Part(columns={"row": np.array([4, 5])}), 7)
    assert found.columns["case"].tolist() == [7, 7]
    assert numbered(Part(columns={"row": np.array([], np.int64)}), 7).columns["case"].tolist() == []
