"""Folders of timm and Hugging Face: the same model as the one that was saved, with its classes and preprocessing."""

import json
import os

import pytest
import torch
from safetensors.torch import save_file

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError
from fairaudit.models.files.hub import describe
from fairaudit.models.open import open_model

IMAGES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


def opened(folder, *, classes=("no", "yes"), preprocess=None, **config):
    size = preprocess or PreprocessConfig(size=(32, 32))
    return open_model(folder, config=ModelConfig(**config), preprocess=size, classes=classes, examples=IMAGES)


def normalised(mean=MEAN, std=STD):
    return (IMAGES - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@pytest.fixture
def of_timm(tmp_path):
    timm = pytest.importorskip("timm", reason="needs the extra hub")
    torch.manual_seed(0)
    net = timm.create_model("test_resnet", num_classes=2, pretrained=False).eval()
    folder = tmp_path / "net"
    folder.mkdir()
    save_file(net.state_dict(), folder / "model.safetensors")
    facts = {"mean": MEAN, "std": STD, "input_size": [3, 32, 32], "label_names": ["yes", "no"]}
    config = {"architecture": "test_resnet", "num_classes": 2, "pretrained_cfg": facts}
    (folder / "config.json").write_text(json.dumps(config))
    return net, folder


@pytest.fixture
def of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers", reason="needs the extra hub")
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=8,
        id2label={0: "yes", 1: "no"}, label2id={"yes": 0, "no": 1},
    )  # fmt: skip
    net = transformers.ViTForImageClassification(config).eval()
    net.save_pretrained(tmp_path / "vit")
    facts = {"image_mean": MEAN, "image_std": STD, "size": {"height": 32, "width": 32}, "do_normalize": True}
    (tmp_path / "vit" / "preprocessor_config.json").write_text(json.dumps(facts))
    return net, tmp_path / "vit"


@pytest.mark.parametrize("kind", ["of_timm", "of_transformers"])
def test_a_folder_is_the_model_that_was_saved(kind, request):
    net, folder = request.getfixturevalue(kind)
    model = opened(folder)
    raw = net(normalised())
    wanted = (raw if kind == "of_timm" else raw.logits).detach()
    # The folder's first class is "yes"; the target's first value is "no".
    torch.testing.assert_close(model.logits(IMAGES), wanted.flip(1), atol=1e-5, rtol=1e-4)
    assert (model.head.classes, model.head.names) == (("no", "yes"), ("no", "yes"))
    assert (model.mean, model.std) == (MEAN, STD)
    assert describe(folder).size == (32, 32)
    assert any("Taken from the model's folder: mean" in note for note in model.notes)


def test_what_is_declared_wins(of_timm):
    net, folder = of_timm
    preprocess = PreprocessConfig(size=(32, 32), mean=(0.0,), std=(1.0,))
    model = opened(folder, preprocess=preprocess, classes=["yes", "no"])
    torch.testing.assert_close(model.logits(IMAGES), net(IMAGES))


def test_an_order_that_is_assumed_is_said(of_timm):
    model = opened(of_timm[1], classes=["0", "1"])
    assert any("are taken in the same order" in note for note in model.notes)


def test_the_digest_covers_weights_and_description(of_timm):
    _, folder = of_timm
    before = opened(folder).sha256
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace("0.4", "0.45"))
    assert opened(folder).sha256 != before


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"architectures": ["BertForMaskedLM"]}, "Found: BertForMaskedLM"),
        ({}, "a config.json without an architecture"),
        ([1], "Wanted: a JSON object"),
        ("{", "cannot be read"),
    ],
)
def test_other_folders_are_refused(tmp_path, config, text):
    (tmp_path / "config.json").write_text(config if config == "{" else json.dumps(config))
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError) as caught:
        opened(tmp_path)
    assert text in str(caught.value)


def test_weights_that_are_missing_are_never_drawn_at_random(of_transformers):
    _, folder = of_transformers
    save_file({"classifier.bias": torch.zeros(2)}, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"would draw them at random|cannot be read"):
        opened(folder)


def test_a_pipe_in_the_place_of_the_weights_is_never_waited_for(tmp_path):
    (tmp_path / "config.json").write_text('{"architecture": "resnet18"}', encoding="utf-8")
    os.mkfifo(tmp_path / "model.safetensors")
    with pytest.raises(ModelError):
        opened(tmp_path)
