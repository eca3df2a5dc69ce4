"""The rectified model beside the one it came from: which head is which, and what is said of β."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from fairaudit.audits.alignment.heads import Readers
from fairaudit.audits.alignment.rectified import REACHED, Descent, RectifiedAudit, _of, _told, rectified_readers
from fairaudit.audits.core.stream.audit import Total
from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.engine.part import Part
from fairaudit.models.outputs.head import Head
from fairaudit.results.measurement import Measurement


def readers():
    heads = ModelHeads(lambda x: x[:, :3], ("smile", "tie", "hat"), link="value")
    return Readers(heads=heads, bases=(1,), thresholds=(0.1, 0.2, 0.3), digest="d", modules=(nn.Identity(),))


def test_the_written_model_stands_first_in_the_place_of_the_base():
    head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("1",))
    written = SimpleNamespace(head=head, name="m", sha256="s", module=nn.Identity(), logits=lambda x: x[:, 3:])
    found = rectified_readers(readers(), 1, written)
    assert found.heads.names == ("tie", "smile", "hat")
    values = found.heads.values(found.heads.outputs(torch.tensor([[1.0, 2.0, 3.0, 0.0]])))
    assert values.tolist() == [[0.5, 1.0, 3.0]]  # the sigmoid of the written model's 0, then the others as they were
    assert found.thresholds == (head.threshold, 0.1, 0.3)
    assert (found.bases, len(found.modules)) == ((0,), 2)
    assert found.digest != rectified_readers(readers(), 0, written).digest


def rate(value, **more):
    return Measurement(
        audit="cf-align", metric="relative_change", class_="smile", attribute="tie", value=value, n=9, **more
    )


@pytest.mark.parametrize(
    ("measurement", "words"),
    [
        (rate(0.25, low=0.1, high=0.4, level=0.95, interval="bootstrap"), "+0.250 [+0.100, +0.400] (n = 9)"),
        (rate(-0.25), "-0.250 (n = 9)"),
        (rate(0.25, status="unusable", reason="drift"), "+0.250 (n = 9, refused as evidence)"),
        (rate(None, status="undefined", reason="no image moved"), "undefined (no image moved)"),
    ],
)
def test_a_number_is_told_with_its_doubt(measurement, words):
    assert _told(measurement) == words


def test_the_sentence_is_about_base_and_other():
    before = SimpleNamespace(readers=readers())
    descent = Descent(base=0, other=1, found=SimpleNamespace(beta=-0.5, history=[1, 2, 3]), images=40)
    audit = RectifiedAudit(before, None, descent)
    found = audit._sentence(
        rate(0.5), SimpleNamespace(measurements=[rate(9.0).model_copy(update={"attribute": "hat"}), rate(0.125)])
    )
    assert found.startswith(f"{REACHED}smile: -0.500 times tie, found on 40 images in 3 steps.")
    assert found.endswith("+0.500 (n = 9) before, +0.125 (n = 9) after.")


def test_columns_of_both_walks_are_kept_apart():
    class Walk:
        def __init__(self, value):
            self.value = value

        def map(self, context):
            return Part(columns={"stop": torch.full((2,), self.value).numpy()})

    part = RectifiedAudit(Walk(1.0), Walk(2.0), None).map(None)
    total = Total(part=part, rows=None, study=None)
    found = {when: _of(total, when).part.columns["stop"].tolist() for when in ("before", "after")}
    assert found == {"before": [1.0, 1.0], "after": [2.0, 2.0]}
