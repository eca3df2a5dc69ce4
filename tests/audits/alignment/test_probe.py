"""The rows that a probe is fitted on are its own, and its images are those that are readable and of known value."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.alignment import probe as probes
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.probe import FittedProbe, _digest, _fetch, _images, _probe_config, fit_probe
from fairaudit.config.schema import Config
from fairaudit.errors import DataError, UsageError


def options(split=None, probe_split=None):
    data = {"manifest": "t.csv"} | ({"split": {"column": "part", "use": "test"}} if split else {})
    config = Config.model_validate({"data": data})
    return CfOptions(generator=Path("g.pt"), probe_split=probe_split, config=config, base_folder=Path())


def test_a_split_of_its_own_takes_the_place_of_the_audited_one():
    found = _probe_config(options(split=True, probe_split="train"))
    assert (found.data.split.column, found.data.split.use) == ("part", "train")
    with pytest.raises(UsageError, match=r"no data\.split"):
        _probe_config(options(probe_split="train"))
    with pytest.raises(UsageError, match="no --probe-split"):
        _probe_config(options(split=True))


def test_rows_that_are_audited_are_refused(monkeypatch):
    study = SimpleNamespace(
        manifest=SimpleNamespace(attributes={"hat": None}, ids=["a", "b"]), options=SimpleNamespace(seed=0)
    )
    monkeypatch.setattr(probes, "open_manifest", lambda *_, **__: SimpleNamespace(ids=["b", "c"]))
    with pytest.raises(UsageError, match=r"rows that are audited.*1 row in both"):
        fit_probe(study, options(split=True, probe_split="train"), "hat")
    with pytest.raises(UsageError, match=r'no attribute called "hut".*"hat"'):
        fit_probe(study, options(), "hut")


def test_images_of_known_value_as_bytes():
    class Loader:
        manifest = SimpleNamespace(name="t")

        def load(self, rows):
            read = [row for row in rows if row != 2]  # one cannot be read
            return SimpleNamespace(images=torch.tensor([[row / 255] for row in read]), rows=np.array(read))

    images, codes = _images(Loader(), np.array([1, -1, 0, 2, 1], np.int32))
    assert (images.flatten().tolist(), codes.tolist()) == ([0, 3, 4], [1, 2, 1])
    assert images.dtype == torch.uint8
    torch.testing.assert_close(_fetch(images)(np.array([2, 1])), torch.tensor([[4 / 255], [3 / 255]]))
    with pytest.raises(DataError, match="known value"):
        _images(Loader(), np.full(3, -1, np.int32))


def test_the_digest_is_that_of_the_weights():
    first, second = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    second.load_state_dict(first.state_dict())
    digests = [_digest(SimpleNamespace(module=module)) for module in (first, second)]
    assert digests[0] == digests[1]
    with torch.no_grad():
        second.bias += 1
    assert _digest(SimpleNamespace(module=second)) != digests[0]


@pytest.mark.parametrize(
    ("drawn", "words"), [(None, "guessing reaches 60.0%), fitted"), (0.7, "and on 70.0% of their")]
)
def test_the_note_tells_how_good_it_is(drawn, words):
    found = SimpleNamespace(
        drawn_accuracy=drawn, accuracy=0.9, test_images=50, balanced_accuracy=0.85, majority=0.6, train_images=400
    )
    note = FittedProbe(attribute="hat", probe=found, heads=None, columns=(1,), digest="").note()
    assert note.startswith("Probe for hat: right on 90.0% of 50 held-out images (85.0% on average over values; ")
    assert words in note
