"""Which images a generator is judged on, and what is said of every model."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.generator import inspect
from fairaudit.audits.generator.inspect import JUDGED, inspect_generator
from fairaudit.generators.checks import Tolerance


@pytest.mark.parametrize("rows", [None, np.arange(5)])
@pytest.mark.parametrize("refusal", [None, "blurred"])
def test_every_model_is_read_on_the_same_images(monkeypatch, rows, refusal):
    loads = []

    def load(numbers):
        loads.append(numbers)
        return SimpleNamespace(rows=np.array(numbers))

    manifest = SimpleNamespace(ids=range(1000), target=None)
    material = SimpleNamespace(manifest=manifest, loader=SimpleNamespace(load=load))
    monkeypatch.setattr(inspect, "open_material", lambda *_, **__: material)
    monkeypatch.setattr(inspect, "open_classifier", lambda path, **_: SimpleNamespace(name=path.stem))
    monkeypatch.setattr(inspect, "readable", lambda batch: torch.zeros(len(batch.rows), 1))
    monkeypatch.setattr(inspect, "output_names", lambda model, target: (f"{target} 0", f"{target} 1"))
    monkeypatch.setattr(inspect, "classifier_heads", lambda model, names: None)
    monkeypatch.setattr(inspect, "check_generator", lambda coders, scores, images: SimpleNamespace(drift_head=1))
    monkeypatch.setattr(inspect, "refuse", lambda facts, tolerance: refusal)
    monkeypatch.setattr(inspect, "undecided", lambda facts, tolerance: "few images")
    options = SimpleNamespace(device="cpu")
    models = [Path("a.pt"), Path("b.pt")]
    found = inspect_generator(None, models, None, base=Path(), options=options, tolerance=Tolerance(), rows=rows)
    assert [(each.model, each.head) for each in found] == [("a.pt", "a 1"), ("b.pt", "b 1")]
    # What is refused is not undecided as well.
    assert {(each.refusal, each.undecided) for each in found} == {(refusal, "few images" if refusal is None else None)}
    (judged,) = loads
    assert judged == [0, 1, 2, 3, 4] if rows is not None else (len(judged), judged[0], judged[-1]) == (JUDGED, 0, 999)
