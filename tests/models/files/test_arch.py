"""Architectures from their names."""

import sys

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.files.arch import build, parse_arch

OWN = """
import torch
from torch import nn

def make(width=4):
    return nn.Sequential(nn.Flatten(), nn.Linear(width, 2))

def needs(width):
    return make(width)

def wrong():
    return 3

def breaks():
    raise ValueError("no such width")

CONSTANT = 1

from functools import partial
from subprocess import getoutput
from torch import load

class NoModel:
    def __init__(self):
        raise AssertionError("it was called")

half = partial(make, width=4)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "fairaudit_test_own_nets.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return "fairaudit_test_own_nets"


def test_arguments_are_literals():
    arch = parse_arch(" torchvision:vit_b_16(image_size=64, dropout=-0.5, names=('a', 1), flag=True) ")
    assert (arch.source, arch.name) == ("torchvision", "vit_b_16")
    assert arch.arguments == {"image_size": 64, "dropout": -0.5, "names": ("a", 1), "flag": True}


@pytest.mark.parametrize(
    "text",
    [
        "resnet18",
        ":resnet18",
        "torchvision:",
        "torchvision:a.b",
        "m:f(1)",
        "m:f(x=open('a'))",
        "m:f(**{})",
        "m:f(",
        "m:1",
        "./net.py:Net",
        ".net:Net",
        "a..b:Net",
    ],
)
def test_other_texts_are_refused_and_nothing_runs(text):
    with pytest.raises(ModelError, match="torchvision:NAME, timm:NAME or"):
        parse_arch(text)


@pytest.mark.parametrize("classes", [1, 7])
def test_the_number_of_classes_follows_from_the_weights(classes):
    state = build(parse_arch(f"torchvision:mobilenet_v3_small(num_classes={classes})")).state_dict()
    model = build(parse_arch("torchvision:mobilenet_v3_small"), state)
    assert model.classifier[3].out_features == classes


def test_weights_of_another_architecture_do_not_set_the_number_of_classes():
    state = {"fc.weight": torch.zeros(3, 2048), "fc.bias": torch.zeros(3)}
    assert build(parse_arch("torchvision:resnet18"), state).fc.out_features == 1000


@pytest.mark.slow
def test_a_vision_transformer_is_built_for_the_declared_size():
    model = build(parse_arch("torchvision:vit_b_16"), size=(32, 32))
    assert model.image_size == 32


def test_a_factory_of_the_working_folder(own):
    assert build(parse_arch(f"{own}:make")).get_submodule("1").in_features == 4
    assert build(parse_arch(f"{own}:make(width=6)")).get_submodule("1").in_features == 6
    assert isinstance(build(parse_arch("torch.nn:Flatten")), nn.Flatten)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{own}:mak", 'Did you mean "make"'),
        ("{own}:CONSTANT", "no function or class"),
        ("{own}:needs", "missing a required argument: 'width'"),
        ("{own}:wrong", "Found: int"),
        ("{own}:breaks", "no such width"),
        ("no_such_module_here:make", "cannot be imported"),
        ("torchvision:resnet81", 'Did you mean "resnet18"'),
        ("torchvision:resnet18(depth=3)", "depth"),
    ],
)
def test_what_cannot_be_built_is_told(own, text, found):
    with pytest.raises(ModelError) as caught:
        build(parse_arch(text.format(own=own)))
    assert found in str(caught.value)


def test_the_import_path_is_restored(own, monkeypatch):
    before = list(sys.path)
    build(parse_arch(f"{own}:make"))
    assert sys.path == before


def test_an_installed_package_is_never_replaced_by_a_file_of_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "safetensors.py").write_text("raise AssertionError('it was run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "safetensors", raising=False)
    with pytest.raises(ModelError, match="no function or class"):
        build(parse_arch("safetensors:make"))


@pytest.mark.parametrize(
    "text",
    [
        "subprocess:getoutput(cmd='touch ran')",
        "os:system(command='touch ran')",
        "os.path:exists(path='ran')",
        'builtins:exec(source=\'open("ran", "w")\')',
        "builtins:open(file='ran', mode='w')",
        "pathlib:Path",
        "antigravity:webbrowser",
        "{own}:getoutput(cmd='touch ran')",
        "{own}:load(f='ran')",
        "{own}:partial(func='ran')",
        "{own}:NoModel",
        "{own}:half",
        "torch:load(f='ran', weights_only=False)",
        "torch.hub:load(repo_or_dir='a/b', model='c')",
        "torch.jit:load(f='ran')",
        "torch:from_file(filename='ran', shared=True, size=10)",
    ],
)
def test_what_makes_no_model_is_refused_before_it_is_called(own, tmp_path, text):
    with pytest.raises(ModelError, match="was not called"):
        build(parse_arch(text.format(own=own)))
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".py" and path.name != "__pycache__"] == []


@pytest.mark.parametrize(
    "text",
    [
        "torchvision:resnet18(weights='DEFAULT')",
        "torchvision.models:resnet18(weights='IMAGENET1K_V1')",
        "torchvision:fcn_resnet50(weights_backbone='DEFAULT')",
        "timm:resnet18(pretrained=True)",
    ],
)
def test_weights_are_never_downloaded(text, monkeypatch):
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", None)
    with pytest.raises(ModelError, match="fetches weights from elsewhere"):
        build(parse_arch(text))


def test_a_backbone_brings_no_weights_of_its_own(monkeypatch):
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", None)
    assert isinstance(build(parse_arch("torchvision:lraspp_mobilenet_v3_large")), nn.Module)


def test_code_that_raises_anything_is_told_in_one_paragraph(tmp_path, monkeypatch):
    (tmp_path / "fairaudit_test_raises.py").write_text("raise KeyError('at import')")
    (tmp_path / "fairaudit_test_raises_later.py").write_text("def make():\n    raise AssertionError('at call')")
    monkeypatch.chdir(tmp_path)
    for name, found in (("fairaudit_test_raises", "at import"), ("fairaudit_test_raises_later", "at call")):
        with pytest.raises(ModelError, match=found):
            build(parse_arch(f"{name}:make"))


def test_models_of_timm_by_name_and_with_their_number_of_classes():
    timm = pytest.importorskip("timm", reason="needs the extra hub")
    given = timm.create_model("test_resnet", num_classes=3, pretrained=False).state_dict()
    built = build(parse_arch("timm:test_resnet"), {f"model.{key}": value for key, value in given.items()})
    assert built.num_classes == 3
    assert build(parse_arch("timm:test_resnet(num_classes=5)"), given).num_classes == 5
    called = build(parse_arch("timm:create_model(model_name='test_resnet', num_classes=2)"))
    assert called.num_classes == 2
    with pytest.raises(ModelError, match='Did you mean "resnet18"'):
        build(parse_arch("timm:resnet18_"))
