"""Values written and taken at places: computed as torch does, and relevance goes along with them."""

import logging
import warnings
from importlib.util import find_spec

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.convnext import LayerNorm2d
from torchvision.models.swin_transformer import SwinTransformer

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from fairaudit.errors import MethodError  # noqa: E402
from fairaudit.models.lift.lift import lift  # noqa: E402
from fairaudit.models.onnx.load import load_onnx  # noqa: E402
from fairaudit.models.onnx.node import Node  # noqa: E402
from fairaudit.models.onnx.scatter import SCATTER  # noqa: E402
from fairaudit.models.validity import methods_for  # noqa: E402
from fairaudit.saliency.lrp.method import Lrp  # noqa: E402

IMAGES = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
GENERATOR = torch.Generator().manual_seed(1)
WEIGHT = torch.randn(2, 32, generator=GENERATOR)


class Known:
    """What attribution needs of a classifier with two logits."""

    def __init__(self, module, images):
        self.module, self.graph = module, lift(module, images)

    def normalise(self, images):
        return images

    def seed(self, classes):
        return F.one_hot(classes, 2).float()

    def scores(self, logits):
        return logits.double().softmax(1)

    def lifted(self, example):
        return self.graph


def constant(name, value):
    return numpy_helper.from_array(torch.as_tensor(value).numpy(), name)


def file(path, nodes, weights):
    """An ONNX file of nodes from x [batch, 2, 4, 4] to y, a linear layer's input [batch, 32], and that layer."""
    last = helper.make_node("Gemm", ["y", "weight"], ["logits"], transB=1)
    graph = helper.make_graph(
        [*nodes, last],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2, 4, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        [constant("weight", WEIGHT), constant("rows", [-1, 32]), *weights],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), str(path))
    return load_onnx(path, nhwc=False, channels=2, size=(4, 4)).module


def by_batch():
    """Rows of the batch gathered at 0, 1, …, as the newer exporter writes a flattening of strided values."""
    nodes = [
        helper.make_node("Shape", ["x"], ["count"], start=0, end=1),
        helper.make_node("Squeeze", ["count"], ["batch"]),
        helper.make_node("Range", ["zero", "batch", "one"], ["places"]),
        helper.make_node("Mul", ["places", "one"], ["steps"]),
        helper.make_node("Gather", ["x", "steps"], ["taken"], axis=0),
        helper.make_node("Reshape", ["taken", "rows"], ["y"]),
    ]
    return nodes, [constant("zero", 0), constant("one", 1)], lambda x: x.reshape(-1, 32)


def by_scatter():
    """A roll of columns: the second to the fourth are overwritten by the first to the third."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[3, 0, 1, 2]),
        helper.make_node("Slice", ["first", "from", "to"], ["moved"]),
        helper.make_node("ScatterND", ["first", "places", "moved"], ["rolled"]),
        helper.make_node("Transpose", ["rolled"], ["back"], perm=[1, 2, 3, 0]),
        helper.make_node("Reshape", ["back", "rows"], ["y"]),
    ]
    weights = [constant("from", [0]), constant("to", [3]), constant("places", [[1], [2], [-1]])]
    return nodes, weights, lambda x: torch.cat([x[..., :1], x[..., :3]], 3).reshape(-1, 32)


@pytest.mark.parametrize("case", [by_batch, by_scatter])
def test_relevance_goes_where_the_values_came_from(tmp_path, case):
    nodes, weights, wanted = case()
    module = file(tmp_path / "m.onnx", nodes, weights)
    torch.testing.assert_close(module(IMAGES), wanted(IMAGES) @ WEIGHT.T)
    known, classes = Known(module, IMAGES), torch.tensor([0, 1, 1])
    assert methods_for(known.graph, IMAGES)["lrp"] is None
    # Linear and without a bias: relevance is gradient times input, whatever the way through the layers.
    x = IMAGES.clone().requires_grad_()
    logits = wanted(x) @ WEIGHT.T
    (gradient,) = torch.autograd.grad(logits[torch.arange(3), classes].sum(), x)
    found = Lrp(composite="epsilon").attribute(known, IMAGES, classes)
    torch.testing.assert_close(found.maps, (x.detach() * gradient).sum(1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.conservation, torch.ones(3, dtype=torch.float64), rtol=1e-4, atol=1e-4)


def test_values_that_are_added_at_places_have_no_rule(tmp_path):
    nodes, weights, _ = by_scatter()
    nodes[2] = helper.make_node("ScatterND", ["first", "places", "moved"], ["rolled"], reduction="add")
    known = Known(file(tmp_path / "m.onnx", nodes, weights), IMAGES)
    with pytest.raises(MethodError, match="1 index_put"):
        Lrp().attribute(known, IMAGES, torch.zeros(3, dtype=torch.int64))


def test_an_unknown_reduction_is_refused():
    node = Node(op="ScatterND", inputs=(), outputs=("y",), opset=18, attributes={"reduction": "mean"})
    with pytest.raises(Exception, match="reduction mean"):
        SCATTER["ScatterND"](node, [torch.zeros(2), torch.tensor([[0]]), torch.ones(1)])


class Strided(nn.Module):
    """What the newer exporter writes with computed places: norms of permuted maps, a roll, a flattened mean."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm, self.last = nn.Conv2d(2, 6, 1), LayerNorm2d(6), nn.Linear(6, 2)
        self.eval().requires_grad_(False)

    def forward(self, x):
        x = F.gelu(self.norm(self.conv(x).roll((1, -1), (2, 3))))
        return self.last(self.norm(F.adaptive_avg_pool2d(x, 1)).flatten(1))


def swin():
    torch.manual_seed(0)
    net = SwinTransformer([4, 4], 12, [2], [2], [2, 2], num_classes=2, stochastic_depth_prob=0.0)
    return net.eval().requires_grad_(False)


@pytest.mark.parametrize(("make", "size", "dynamo"), [(swin, 24, False), (Strided, 6, True)])
def test_maps_of_exported_networks_are_their_own(tmp_path, make, size, dynamo):
    if dynamo and find_spec("onnxscript") is None:
        pytest.skip("torch's newer exporter needs onnxscript")
    net, path = make(), tmp_path / "m.onnx"
    images = torch.randn(3, 3 if make is swin else 2, size, size, generator=torch.Generator().manual_seed(2))
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            shapes = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(net, (images[:2],), str(path), dynamo=True, dynamic_shapes=shapes, verbose=False)
        else:
            axes = {"x": {0: "batch"}}
            given = {"opset_version": 17, "input_names": ["x"], "dynamic_axes": axes}
            torch.onnx.export(net, (images[:2],), str(path), dynamo=False, **given)
    logging.disable(logging.NOTSET)
    module = load_onnx(path, nhwc=False, channels=images.shape[1], size=(size, size)).module
    classes = torch.tensor([0, 1, 0])
    for method in (Lrp(), Lrp(composite="epsilon")):
        wanted, found = (method.attribute(Known(each, images), images, classes).maps for each in (net, module))
        torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
