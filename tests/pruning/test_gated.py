"""Gated models: exactly the model at the start, equations 8 and 9, and everything back afterwards."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.lift.lift import lift
from fairaudit.pruning.encoder import split
from fairaudit.pruning.gated import Gates, full_masks, gated_weights, pruned, run_with


def run(split, images, factors):
    return run_with(split, images, gated_weights(split, factors))


MODES = ("unstructured", "structured")


def masks_of(cut, mode, seed=0):
    gates = Gates(cut, mode)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in gates.values:
            value.copy_(torch.randn(value.shape, generator=draw))
    return gates.masks()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tau", [1.0, 0.01, 0.0])
def test_at_the_start_it_is_exactly_the_model(cut, images, mode, tau):
    wanted = cut.features(images)
    found = run(cut, images, Gates(cut, mode).factors(tau))
    assert torch.equal(found[0], wanted[0])
    assert torch.equal(found[1], wanted[1])


def test_unstructured_gates_multiply_every_weight_and_no_bias(cut):
    gates = Gates(cut, "unstructured")
    factors = {name: torch.rand_like(value) for name, value in gates.named().items()}
    weights = gated_weights(cut, factors)
    assert set(weights) == {"0.weight", "3.weight", "8.weight"}
    assert all(torch.equal(weights[f"{name}.weight"], cut.weight(name) * factor) for name, factor in factors.items())


def test_structured_gates_multiply_the_output_of_every_unit(cut, cnn, images):
    factors = {"0": torch.tensor([1.0, 0.0, 0.5, 1.0]), "3": torch.linspace(0, 1, 6), "8": torch.linspace(1, 0, 5)}
    hidden = images
    for place, layer in enumerate(cnn):
        hidden = layer(hidden)
        gate = {1: factors["0"], 4: factors["3"], 8: factors["8"]}.get(place)
        if gate is not None:  # after the batch norm where there is one
            hidden = hidden * (gate.view(1, -1, 1, 1) if hidden.dim() == 4 else gate)
    torch.testing.assert_close(run(cut, images, factors)[1], hidden)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_reach_every_gate_and_no_weight(cut, images, mode):
    gates = Gates(cut, mode)
    run(cut, images, gates.factors(1.0))[1].square().sum().backward()
    assert all(value.grad is not None and value.grad.abs().sum() > 0 for value in gates.values)
    assert all(parameter.grad is None for parameter in cut.module.parameters())


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_of_a_gate_is_the_weights_gradient_times_weight_and_slope(cut, images, mode):
    gates = Gates(cut, mode)
    run(cut, images, gates.factors(0.5))[1].sum().backward()
    weights = {name: value.clone().requires_grad_(True) for name, value in cut.module.named_parameters()}
    torch.func.functional_call(cut.module, weights, (images,))[1].sum().backward()
    weight = weights["8.weight"]
    expected = weight.grad * weight.detach()
    if mode == "structured":
        expected = expected.sum(1) + weights["8.bias"].grad * weights["8.bias"].detach()
    torch.testing.assert_close(gates.named()["8"].grad, expected * 0.5 / 0.5)  # the slope at 0 is 0.5/τ with τ = 0.5


@pytest.mark.parametrize("tau", [2.0, 1.0, 0.25, 0.05])
@pytest.mark.parametrize("mode", MODES)
def test_forward_and_backward_of_the_whole_model_are_autograds(cnn, images, mode, tau):
    # min(1, u) forward and u backward, u = 2 σ(m/τ), by autograd alone: u + (min(1, u) − u) without a gradient.
    cnn, images = cnn.double(), images.double()
    cut = split(lift(cnn, images).module)
    gates = Gates(cut, mode)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in gates.values:
            value.copy_(torch.randn(value.shape, generator=draw, dtype=torch.float64) * tau)
    found = run(cut, images, gates.factors(tau))[1]
    found.square().sum().backward()
    free = {name: value.detach().clone().requires_grad_(True) for name, value in gates.named().items()}
    hidden = images
    for place, layer in enumerate(cnn):
        name = str(place)
        weights = dict(layer.named_parameters())
        if mode == "unstructured" and name in free:
            weights["weight"] = weights["weight"] * surrogate(free[name], tau)
        hidden = torch.func.functional_call(layer, weights, (hidden,))
        unit = {1: "0", 4: "3", 8: "8"}.get(place)
        if mode == "structured" and unit is not None:
            factor = surrogate(free[unit], tau)
            hidden = hidden * (factor.view(1, -1, 1, 1) if hidden.dim() == 4 else factor)
    torch.testing.assert_close(found, hidden)
    gradients = torch.autograd.grad(hidden.square().sum(), list(free.values()))
    for value, gradient in zip(gates.values, gradients, strict=True):
        torch.testing.assert_close(value.grad, gradient)


def surrogate(m, tau):
    smooth = 2 / (1 + torch.exp(-m / tau))
    return smooth + (smooth.clamp(max=1) - smooth).detach()


@pytest.mark.parametrize("mode", MODES)
def test_a_pruned_model_is_the_hard_one_and_comes_back(cut, images, mode):
    masks = masks_of(cut, mode)
    before = {name: value.clone() for name, value in cut.module.state_dict().items()}
    wanted = run(cut, images, {name: mask.float() for name, mask in masks.items()})[1]
    with pruned(cut, masks) as inside:
        assert torch.equal(inside.features(images)[1], wanted)
    assert all(torch.equal(value, before[name]) for name, value in cut.module.state_dict().items())


def test_weights_come_back_after_an_error(cut, images):
    before = cut.features(images)[1]
    with pytest.raises(RuntimeError, match="stop"), pruned(cut, masks_of(cut, "unstructured")):
        raise RuntimeError("stop")
    assert torch.equal(cut.features(images)[1], before)


def test_a_pruned_unit_prunes_all_its_weights(cut):
    full = full_masks(cut, {"0": torch.tensor([True, False, True, True])})["0"]
    assert full.shape == cut.weight("0").shape
    assert full.flatten(1).all(1).tolist() == [True, False, True, True]
    assert not full[1].any()


def test_a_transposed_convolution_counts_its_units_on_the_second_axis():
    images = torch.rand(3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    network = nn.Sequential(nn.ConvTranspose2d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(75, 2)).eval()
    found = split(lift(network, images).module)
    factor = torch.tensor([1.0, 0.0, 0.5])
    wanted = network[1:](network[0](images) * factor.view(1, 3, 1, 1))
    torch.testing.assert_close(run(found, images, {"0": factor})[1], wanted)


def test_units_before_a_norm_without_scale_are_refused():
    images = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, affine=False), nn.Flatten(), nn.Linear(8, 2)).eval()
    found = split(lift(network, images).module)
    with pytest.raises(ModelError, match="unstructured"):
        run(found, images, Gates(found, "structured").factors(1.0))
