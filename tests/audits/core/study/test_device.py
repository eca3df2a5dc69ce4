"""Which device is taken, what is said where it is not there, and that single precision is single precision on it."""

import pytest
import torch

from fairaudit.audits.core.study.device import autocast, describe_device, pick_device
from fairaudit.errors import UsageError


@pytest.fixture
def card(monkeypatch):
    """A CUDA device, as far as choosing one goes, and torch's own defaults again afterwards."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda name: "Card 9000")
    monkeypatch.setattr(torch, "empty", lambda *_shape, device: None)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)


@pytest.mark.parametrize(("name", "picked"), [("auto", "cuda"), ("cuda", "cuda"), ("cuda:1", "cuda:1")])
def test_convolutions_on_a_card_are_not_rounded_to_tf32(card, name, picked):
    assert pick_device(name) == picked
    assert torch.backends.cudnn.allow_tf32 is False
    assert describe_device(picked) == f"{picked} (Card 9000)"


def test_the_processor_leaves_that_alone(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert pick_device("cpu") == describe_device("cpu") == "cpu"
    assert torch.backends.cudnn.allow_tf32 is True


def test_auto_without_a_card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for there, picked in ((True, "mps"), (False, "cpu")):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda there=there: there)
        assert pick_device("auto") == picked


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "xpu:x"])
def test_a_device_that_is_not_there_is_named(name):
    with pytest.raises(UsageError) as caught:
        pick_device(name)
    assert f'The device "{name}" cannot be used' in str(caught.value)


@pytest.mark.parametrize(
    ("precision", "type_"), [("auto", torch.float32), ("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_products_are_made_in_the_precision_asked_for(precision, type_):
    with autocast("cpu", precision):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == type_
