"""Every format opened from a file, compared with the model that was saved; and every refusal."""

import argparse
import datetime
import warnings
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError, TrustError
from fairaudit.models.open import open_model

ARCH = "fairaudit_test_nets:Net"
SOURCE = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self, outputs=2):
        super().__init__(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, outputs))
"""
PREPROCESS = PreprocessConfig(size=(16, 16), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


class Plain(nn.Sequential):
    def __init__(self, outputs=2):
        super().__init__(
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, outputs),
        )


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Plain()

    def forward(self, x):
        return self.inner(x), x


class Squeezed(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Plain(1)

    def forward(self, x):
        return self.inner(x).squeeze(1)


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Plain()

    def forward(self, x):
        return self.inner(F.dropout(x, 0.5, training=True))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "fairaudit_test_nets.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def net():
    torch.manual_seed(3)
    model = Plain()
    model(torch.randn(32, 3, 16, 16))  # so that batch norm has statistics of its own
    return model.eval()


def opened(path, **settings):
    known = {"config": ModelConfig(arch=ARCH), "preprocess": PREPROCESS, "classes": ["0", "1"]}
    return open_model(path, **(known | settings))


def written(net, folder, kind):
    path, example = folder / "model.bin", torch.rand(2, 3, 16, 16)
    if kind == "scripted":
        torch.jit.script(net).save(path)
    elif kind == "traced":
        torch.jit.trace(net, example).save(path)
    elif kind == "frozen":
        torch.jit.freeze(torch.jit.script(net)).save(path)
    elif kind == "state":
        torch.save(net.state_dict(), path)
    elif kind == "wrapped":
        state = {f"module.{key}": value for key, value in net.state_dict().items()}
        extras = {"args": argparse.Namespace(lr=0.1), "best": np.float64(0.9), "loss": np.float32(1.0)}
        torch.save({"epoch": 3, "state_dict": state, **extras}, path)
    elif kind == "safetensors":
        save_file(net.state_dict(), path)
    elif kind == "pickle":
        torch.save(net, path)
    else:
        dynamic = ({0: torch.export.Dim("batch", min=1)},) if kind == "dynamic" else None
        torch.export.save(torch.export.export(net, (example,), dynamic_shapes=dynamic), folder / "model.pt2")
        path = folder / "model.pt2"
    return path


@pytest.mark.parametrize(
    ("kind", "form", "trust"),
    [
        ("scripted", "torchscript", False),
        ("traced", "torchscript", False),
        ("frozen", "torchscript", False),
        ("state", "state-dict", False),
        ("wrapped", "state-dict", False),
        ("safetensors", "safetensors", False),
        ("pickle", "pickle", True),
        ("dynamic", "exported-program", True),
        ("static", "exported-program", True),
    ],
)
def test_every_format_computes_what_the_saved_model_does(folder, net, kind, form, trust):
    path = written(net, folder, kind)
    model = opened(path, trust=trust)
    images = torch.rand(5, 3, 16, 16)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (PREPROCESS.mean, PREPROCESS.std))
    with torch.no_grad():
        torch.testing.assert_close(model.logits(images), net((images - mean) / std), atol=1e-5, rtol=1e-5)
    assert model.format == form
    assert model.head.link == "softmax"
    assert model.head.outputs == 2
    assert model.parameters == sum(value.numel() for value in net.parameters()) - (8 if kind == "frozen" else 0)
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert bool(model.notes) == (kind == "static")


def test_gradients_reach_the_images(folder, net):
    model = opened(written(net, folder, "scripted"))
    images = torch.rand(2, 3, 16, 16, requires_grad=True)
    model.logits(images).sum().backward()
    assert bool(images.grad.any())


@pytest.mark.parametrize("kind", ["pickle", "dynamic"])
def test_files_that_can_run_code_need_trust(folder, net, kind):
    with pytest.raises(TrustError) as caught:
        opened(written(net, folder, kind))
    assert "can run code" in str(caught.value)
    assert "safe alternative" in str(caught.value)


def test_an_untrusted_pickle_runs_nothing(folder):
    class Harm:
        def __reduce__(self):
            return (folder.joinpath("harm").mkdir, ())

    torch.save({"state_dict": {}, "extra": Harm()}, folder / "bad.pt")
    with pytest.raises(TrustError):
        opened(folder / "bad.pt")
    assert not (folder / "harm").exists()


def test_what_needs_trust_is_named_and_plain_values_are_not(folder, net):
    plain = {"args": argparse.Namespace(lr=np.float64(0.1), path=PurePosixPath("a")), "when": datetime.timedelta(1)}
    torch.save({"state_dict": net.state_dict(), **plain}, folder / "m.pt")
    with pytest.raises(TrustError) as caught:
        opened(folder / "m.pt")
    assert "datetime.timedelta" in str(caught.value)
    assert not [name for name in ("Namespace", "numpy", "PosixPath") if name in str(caught.value)]


def test_wrapped_averages_are_noted(folder, net):
    torch.save({"state_dict": net.state_dict(), "state_dict_ema": Plain().state_dict()}, folder / "m.pt")
    model = opened(folder / "m.pt")
    assert "state_dict_ema" in model.notes[0]
    average = opened(folder / "m.pt", config=ModelConfig(arch=ARCH, weights="state_dict_ema"))
    images = torch.rand(2, 3, 16, 16)
    assert not torch.allclose(model.logits(images), average.logits(images))


def test_outputs_in_tuples_and_without_an_axis(folder):
    torch.jit.script(Pair().eval()).save(folder / "pair.pt")
    assert opened(folder / "pair.pt", config=ModelConfig(head=0)).head.outputs == 2
    with pytest.raises(ModelError, match=r"model\.head: one of 0, 1"):
        opened(folder / "pair.pt")
    torch.jit.script(Squeezed().eval()).save(folder / "one.pt")
    one = opened(folder / "one.pt")
    assert one.head.link == "sigmoid"
    assert one.logits(torch.rand(1, 3, 16, 16)).shape == (1, 1)


def test_the_size_is_found_when_it_is_not_declared(folder, net):
    model = opened(written(net, folder, "scripted"), preprocess=PreprocessConfig())
    assert model.input_size is None
    assert model.logits(torch.rand(2, 3, 20, 24)).shape == (2, 2)


@pytest.mark.parametrize(
    ("kind", "settings", "text"),
    [
        ("state", {"config": ModelConfig()}, "they need an architecture"),
        ("state", {"config": ModelConfig(arch="torchvision:resnet18")}, "missing (conv1.weight"),
        (
            "state",
            {"config": ModelConfig(arch="fairaudit_test_nets:Net(outputs=3)")},
            "5.weight is (2, 4) and not (3, 4)",
        ),
        ("scripted", {"classes": ["a", "b", "c"]}, "3 outputs for the values a, b, c. Found: 2"),
        ("scripted", {"preprocess": PreprocessConfig(size=(16, 16), channels=1)}, "1 channels of 16 x 16 pixels"),
        ("scripted", {"device": "no-such-device"}, "device cannot be used"),
    ],
)
def test_wrong_settings_are_told(folder, net, kind, settings, text):
    with pytest.raises(ModelError) as caught:
        opened(written(net, folder, kind), **settings)
    assert text in str(caught.value)


def test_an_input_of_another_size_is_told(folder, net):
    fixed = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2)).eval()
    torch.jit.script(fixed).save(folder / "fixed.pt")
    model = opened(folder / "fixed.pt")
    with pytest.raises(ModelError, match=r"3 channels of 20 x 20 pixels.*Set preprocess\.size"):
        model.logits(torch.rand(2, 3, 20, 20))
    with pytest.raises(ModelError, match="3 channels of 64 x 64"):
        opened(folder / "fixed.pt", preprocess=PreprocessConfig())


def test_nan_is_told_at_opening_and_later(folder, net):
    class Root(nn.Module):
        def forward(self, x):
            return x.mean(dim=(2, 3)).sqrt()

    torch.jit.script(Root()).save(folder / "root.pt")
    with pytest.raises(ModelError, match="NaN or infinity on noise"):
        opened(folder / "root.pt", classes=None)
    model = opened(written(net, folder, "scripted"))
    with pytest.raises(ModelError, match="NaN for 1 of 2 images"):
        model.logits(torch.stack([torch.rand(3, 16, 16), torch.full((3, 16, 16), float("nan"))]))


def test_active_dropout_and_training_batch_norm_are_refused(folder):
    torch.jit.script(Noisy().eval()).save(folder / "noisy.pt")
    with pytest.raises(ModelError, match="differ between two passes"):
        opened(folder / "noisy.pt")
    training = torch.export.export(Plain().train(), (torch.rand(4, 3, 16, 16),))
    torch.export.save(training, folder / "training.pt2")
    with pytest.raises(ModelError, match="depend on the others in its batch"):
        opened(folder / "training.pt2", trust=True)


@pytest.mark.parametrize("kind", ["scripted", "state", "safetensors", "dynamic"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_truncated_files_are_told(folder, net, kind, share):
    path = written(net, folder, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError) as caught:
        opened(path, trust=True)
    assert str(path) in str(caught.value)


def test_a_damaged_archive_is_told(folder, net):
    path = written(net, folder, "scripted")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(folder / "damaged.pt", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, b"" if name.endswith("data.pkl") else data)
    with pytest.raises(ModelError, match="cut short or damaged"):
        opened(folder / "damaged.pt")


def lightning(net):
    state = {f"model.{key}": value for key, value in net.state_dict().items()}
    return {
        "epoch": 3,
        "state_dict": state | {"criterion.pos_weight": torch.ones(1)},
        "hyper_parameters": {
            "args": argparse.Namespace(lr=0.1, root=Path("/data"), where=PureWindowsPath("C:/data")),
            "best": np.bool_(True),
            "weights": np.arange(3.0, dtype=np.float16),
            "names": np.array(["a", "b"]),
            "few": np.array([1, None], dtype=object),
        },
    }


def test_a_lightning_checkpoint_with_its_hyper_parameters(folder, net):
    torch.save(lightning(net), folder / "l.ckpt")
    model = opened(folder / "l.ckpt")
    images = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(model.logits(images), net(model.normalise(images)))
    assert "criterion.pos_weight" in model.notes[0]


def test_the_number_of_classes_is_found_under_a_prefix(folder):
    from torchvision.models import squeezenet1_1

    weights = {f"encoder.{key}": value for key, value in squeezenet1_1(num_classes=2).state_dict().items()}
    torch.save({"state_dict": weights}, folder / "s.pt")
    config = ModelConfig(arch="torchvision:squeezenet1_1")
    assert opened(folder / "s.pt", config=config, preprocess=PreprocessConfig(size=(32, 32))).head.outputs == 2


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", ["scripted", "frozen"])
def test_scripts_of_another_precision(folder, net, dtype, kind):
    wanted = net(opened(written(net, folder, "traced")).normalise(torch.ones(2, 3, 16, 16)))
    model = opened(written(net.to(dtype), folder, kind))
    found = model.logits(torch.ones(2, 3, 16, 16))
    assert found.dtype in (torch.float32, torch.float64)
    torch.testing.assert_close(found.float(), wanted, atol=0.05, rtol=0.05)
    assert f"computes in {str(dtype)[6:]}" in model.notes[0]


class OneByOne(nn.Module):
    """As traced with one image: its number is in a reshape."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.last = nn.Sequential(*list(inner)[:4]), inner[5]

    def forward(self, x):
        return self.last(self.inner(x).view(1, 4))


def test_a_trace_of_one_image_loops_over_images(folder, net):
    torch.jit.trace(OneByOne(net), torch.rand(1, 3, 16, 16)).save(folder / "one.pt")
    model = opened(folder / "one.pt")
    images = torch.rand(5, 3, 16, 16)
    torch.testing.assert_close(model.logits(images), net(model.normalise(images)))
    assert "one by one" in model.notes[0]
    lifted = model.lifted(images).module
    torch.testing.assert_close(lifted(model.normalise(images)), net(model.normalise(images)))


class OnCuda(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3)) + torch.zeros(3, device=torch.device("cuda:0"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_device_written_into_the_file_is_told(folder):
    torch.jit.script(OnCuda().eval()).save(folder / "c.pt")
    with pytest.raises(ModelError) as caught:
        opened(folder / "c.pt")
    assert "has a CUDA device written into it" in str(caught.value)
    assert "--device cuda" in str(caught.value)


class Demanding(nn.Module):
    def forward(self, x):
        if x.shape[1] != 4:
            raise ValueError("four channels, please")
        return x.mean(dim=(2, 3))


def test_an_error_raised_by_a_script_is_one_paragraph(folder):
    torch.jit.script(Demanding().eval()).save(folder / "r.pt")
    with pytest.raises(ModelError, match="four channels, please"):
        opened(folder / "r.pt")


def quantised(folder):
    """An int8 network by torch's eager quantisation, scripted."""
    from torch.ao import quantization as ao

    if "onednn" not in torch.backends.quantized.supported_engines:
        pytest.skip("this build of torch has no engine for int8")
    torch.manual_seed(4)
    net = nn.Sequential(ao.QuantStub(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net = nn.Sequential(*net, nn.Linear(4, 2), ao.DeQuantStub()).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.qconfig = ao.get_default_qconfig("onednn")
        prepared = ao.prepare(net)
        prepared(torch.randn(8, 3, 16, 16))
        torch.jit.script(ao.convert(prepared)).save(folder / "q.pt")
    return folder / "q.pt"


def test_an_int8_script_answers_and_is_not_explained_by_gradients(folder):
    from fairaudit.errors import FairauditError
    from fairaudit.saliency.registry import method

    model = opened(quantised(folder), classes=["0", "1"])
    images = torch.rand(4, 3, 16, 16)
    assert model.scores(model.logits(images)).shape == (4, 2)
    classes = torch.zeros(4, dtype=torch.long)
    assert method("occlusion").attribute(model, images, classes).maps.shape[0] == 4
    for name in ("lrp", "gradcam", "integrated_gradients"):
        with pytest.raises(FairauditError):
            method(name).attribute(model, images, classes)
