"""The contract of a conditional VAE: the names of target and attribute belong to it, not only their values."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.core.study.cvae import _opened
from fairaudit.data.categorical import Categorical
from fairaudit.errors import ModelError
from fairaudit.generators.checkpoint import save_generator
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings


def study(target="smiling"):
    column = Categorical(name=target, values=("0", "1"), codes=np.array([0, 1], np.int32))
    attributes = {
        name: Categorical(name=name, values=("0", "1"), codes=np.array([0, 1], np.int32)) for name in ("tie", "hat")
    }
    loader = SimpleNamespace(preprocess=SimpleNamespace(channels=3), input_size=lambda: (28, 28))
    manifest = SimpleNamespace(attributes=attributes, target=column, name="m")
    return SimpleNamespace(
        target=column,
        manifest=manifest,
        material=SimpleNamespace(loader=loader),
        candidate=SimpleNamespace(device="cpu"),
    )


def saved(folder, **names):
    settings = CvaeSettings(size=(28, 28), width=4, latent=4, **names)
    folder.mkdir()
    save_generator(folder / "generator.safetensors", ConditionalVae(settings))
    return folder


NAMES = {"target_name": "smiling", "attribute_name": "tie"}


def test_another_attribute_of_the_same_values_is_refused(tmp_path):
    folder = saved(tmp_path / "g", **NAMES)
    for path in (folder, folder / "generator.safetensors"):  # the folder that `generator train` wrote, or its file
        assert _opened(study(), "tie", path).values == 2
        with pytest.raises(ModelError, match=r"attribute, by name.*hat.*tie"):
            _opened(study(), "hat", path)
        with pytest.raises(ModelError, match="target, by name"):
            _opened(study("young"), "tie", path)


def test_files_of_before_the_names_were_kept_still_open(tmp_path):
    assert _opened(study(), "hat", saved(tmp_path / "g")).values == 2


def test_an_audit_flips_one_attribute_alone(tmp_path):
    folder = saved(tmp_path / "g", **NAMES, more=(("hat", ("0", "1")),))
    with pytest.raises(ModelError, match=r"several attributes.*Found: tie, hat"):
        _opened(study(), "tie", folder)
