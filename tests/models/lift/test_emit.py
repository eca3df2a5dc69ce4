"""The graph that is built of recorded calls: what it needs and nothing else, under the model's own names."""

import torch
from torch import nn

from fairaudit.models.lift.align import align
from fairaudit.models.lift.emit import Builder, _out_of_place
from fairaudit.models.record import Const, Ref, names_of, record

IMAGES = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def builder(function, handlers=None, model=None):
    first, second = record(function, IMAGES[:2]), record(function, IMAGES[2:])
    names = {} if model is None else names_of(model)
    return Builder(first, align(first, second), names, handlers or {})


def called(module):
    return [str(node.target).rpartition(".")[2] for node in module.graph.nodes if node.op == "call_function"]


def test_without_handlers_the_same_operations_for_any_batch():
    def model(x):
        x.exp()  # whose result nothing needs
        return x.reshape(x.size(0) * 3, 16).mul(torch.ones(16).add(1)).reshape(x.size(0), -1)

    module = builder(model).build()
    torch.testing.assert_close(module(IMAGES), model(IMAGES))
    assert not any("exp" in name or "ones" in name for name in called(module))  # nor what is constant
    assert len(list(module.buffers())) == 1


def test_equal_constants_are_kept_once():
    weight = torch.full((16,), 3.0)
    module = builder(lambda x: x.flatten(2) * weight + weight).build()
    assert [each.tolist() for each in module.buffers()] == [weight.tolist()]


def test_what_is_written_over_its_input_is_written_apart():
    module = builder(lambda x: x.clone().relu_().add_(1)).build()
    images = IMAGES.clone()
    torch.testing.assert_close(module(images), IMAGES.relu() + 1)
    assert torch.equal(images, IMAGES)
    aten = torch.ops.aten
    assert _out_of_place(aten.relu_.default) is aten.relu.default
    assert _out_of_place(aten.view.default) is aten.reshape.default
    assert _out_of_place(aten.copy_.default) is aten.copy_.default
    assert _out_of_place(aten.relu.default) is aten.relu.default


def test_modules_bear_the_name_of_their_weight_and_a_number_when_it_is_used_again():
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 48))

    def linear(builder, call, bound):
        layer = nn.Linear(48, 48)
        layer.weight, layer.bias = (nn.Parameter(bound[name].tensor) for name in ("weight", "bias"))
        return builder.module(layer, bound["input"], kind="linear", weight=layer.weight)

    handlers = {"linear": linear, "relu": lambda b, call, bound: b.module(nn.ReLU(), bound["self"], kind="relu")}
    module = builder(lambda x: model[1](model(x).relu()).relu(), handlers, model).build()
    names = [str(node.target) for node in module.graph.nodes if node.op == "call_module"]
    assert names == ["1", "relu", "1_2", "relu_2"]
    torch.testing.assert_close(module(IMAGES), model[1](model(IMAGES).relu()).relu())
    assert not module.training


def test_results_of_several_are_taken_by_their_place():
    module = builder(lambda x: x.flatten(1).split([20, 28], 1)[1]).build()
    torch.testing.assert_close(module(IMAGES), IMAGES.flatten(1)[:, 20:])


def test_shapes_and_constants_of_values():
    made = builder(lambda x: x * torch.ones(4).add(1))
    assert made.shape(Ref(-1)) == (2, 3, 4, 4)
    assert made.shape(Const(torch.zeros(2, 1))) == (2, 1)
    assert made.shape("a word") == ()
    assert made.is_live(Ref(-1))
    assert made.constant(Ref(-1)) is None
    (add,) = [Ref(number) for number, call in enumerate(made.calls) if call.name == "add"]
    assert made.constant(add).tolist() == [2.0] * 4
    assert not made.is_live(add)
