"""The search: it hides the planted bias and keeps the task, resumes to the same bits, and refuses what cannot work."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from scipy.stats import entropy
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.lift.lift import lift
from fairaudit.pruning.controls import masked_weights
from fairaudit.pruning.encoder import split
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.gated import run_with
from fairaudit.pruning.probe import probe
from fairaudit.pruning.search import MaskSearchSettings, gate_step, objective, search, start
from fairaudit.pruning.sparsity import sparsity

QUICK = MaskSearchSettings(epochs=8, levels=9, head_epochs=5, batch_size=50, gamma=3.0)
BRIEF = replace(QUICK, epochs=3, levels=3, head_epochs=2, batch_size=100)


def accuracy(cut, head, examples, weights):
    with torch.no_grad():
        features, logits = run_with(cut, examples.images, weights)
    return features, float((head.decide(head.scores(logits)) == examples.target).double().mean())


def bias_accuracy(cut, head, fit, report, weights):
    parts = [(accuracy(cut, head, part, weights)[0], part.biases[0]) for part in (fit, report)]
    return probe("linear", parts[0], parts[1], values=2, seed=0, epochs=150).accuracy


@pytest.fixture(scope="module")
def found(toy):
    cut, head, fit, choose, _ = toy
    return search(cut, head, fit, choose, QUICK)


def test_the_bias_falls_and_the_task_rises(toy, found):
    cut, head, fit, _, report = toy
    weights = masked_weights(cut, found.masks)
    before, after = accuracy(cut, head, report, {})[1], accuracy(cut, head, report, weights)[1]
    assert bias_accuracy(cut, head, fit, report, {}) > 0.9
    assert bias_accuracy(cut, head, fit, report, weights) < 0.85
    assert after > before - 0.02
    assert 0.2 < sparsity(cut, found.masks) < 0.8


def test_without_the_bias_term_the_bias_stays(toy):
    cut, head, fit, choose, report = toy
    plain = search(cut, head, fit, choose, replace(QUICK, gamma=0.0))
    assert bias_accuracy(cut, head, fit, report, masked_weights(cut, plain.masks)) > 0.9


def test_it_stops_when_soft_and_hard_agree(found):
    assert found.agreed
    assert found.history[-1].agreement >= QUICK.agreement
    assert found.history[-1].gap <= QUICK.accuracy_gap
    assert found.tau == found.history[-1].tau == 0.5 ** found.history[-1].level


def test_temperatures_halve_and_epochs_are_bounded(found):
    assert [step.tau for step in found.history] == [0.5**step.level for step in found.history]
    levels = [step.level for step in found.history]
    assert levels == sorted(levels)
    assert max(levels.count(level) for level in levels) <= QUICK.epochs


def test_the_temperature_halves_after_so_many_epochs_without_a_better_objective(toy):
    cut, head, fit, choose, _ = toy
    settings = replace(BRIEF, epochs=40, patience=2, levels=3, agreement=1.1)  # never agrees
    history = search(cut, head, fit, choose, settings).history
    for level in range(3):
        values = [step.task + settings.gamma * step.information for step in history if step.level == level]
        best, stale, lengths = float("inf"), 0, []
        for number, value in enumerate(values, start=1):
            better = value < best * (1 - 1e-3)
            best, stale = (value, 0) if better else (best, stale + 1)
            if stale == 2:
                lengths.append(number)
        assert lengths in ([len(values)], [])  # a plateau ends the temperature, and nothing else but the limit does
        assert lengths or len(values) == 40


def test_several_biases_weigh_alike_in_the_objective(toy):
    cut, head, fit, _, _ = toy
    features, logits = cut.features(fit.images)
    two = replace(fit, biases=(fit.biases[0], fit.target), values=(2, 2))
    readers = [lambda z: z[:, :2], lambda z: z[:, 2:4] * 3]
    _, both = objective(head, logits, features, readers, two, gamma=1.0)
    each = [
        objective(head, logits, features, [reader], replace(fit, biases=(codes,), values=(2,)), gamma=1.0)[1]
        for reader, codes in zip(readers, two.biases, strict=True)
    ]
    torch.testing.assert_close(both, (each[0] + each[1]) / 2)
    assert each[0] != each[1]


def test_a_head_that_knows_the_bias_gives_all_of_it_away(toy):
    cut, head, fit, _, _ = toy
    features, logits = cut.features(fit.images)
    knows = torch.eye(2)[fit.biases[0]] * 100
    share = fit.biases[0].double().mean().item()  # I = H(b), over log 2
    _, information = objective(head, logits, features, [lambda _: knows], fit, gamma=0.3)
    assert information.item() == pytest.approx(entropy([share, 1 - share], base=2), abs=1e-5)


def test_a_batch_without_a_known_bias_value_is_a_step_all_the_same(toy):
    cut, head, fit, choose, _ = toy
    codes = fit.biases[0].clone()
    codes[: len(codes) // 2] = -1
    some = replace(fit, biases=(codes,))
    tiny = search(cut, head, some, choose, replace(BRIEF, batch_size=3, epochs=1, levels=1, head_epochs=1))
    assert all(0 <= step.information <= 1 + 1e-6 for step in tiny.history)
    assert all(mask.dtype == torch.bool for mask in tiny.masks.values())


def test_the_model_is_not_changed(toy, found):
    cut, _, fit, _, _ = toy
    del found
    assert all(not parameter.requires_grad for parameter in cut.module.parameters())
    assert all(parameter.grad is None for parameter in cut.module.parameters())
    assert not cut.module.training
    assert torch.equal(cut.features(fit.images)[1], cut.features(fit.images)[1])


def test_the_same_seed_gives_the_same_mask_and_another_seed_another(toy):
    cut, head, fit, choose, _ = toy
    first, again, other = (search(cut, head, fit, choose, replace(BRIEF, seed=seed)).masks for seed in (0, 0, 1))
    assert all(torch.equal(again[name], mask) for name, mask in first.items())
    assert any(not torch.equal(other[name], mask) for name, mask in first.items())


def numbers(shape, scale, first=1):
    """Fixed numbers that follow no pattern, of either sign."""
    return np.sin(np.arange(first, first + np.prod(shape)) ** 2.0).reshape(shape) * scale


def equation_10(factors, *, weights, pixels, target, bias, gamma, sparsity):
    """In NumPy: cross-entropy + γ [H(b) + H(a) − H(b, a)] / log K + the mean gate's share, by scipy's entropies."""
    first, second, reader = weights
    hidden = np.tanh(pixels @ (first * factors).T)
    task = -log_softmax(hidden @ second.T, axis=1)[np.arange(len(target)), target].mean()
    known = bias >= 0
    joint = np.zeros((3, 3))
    np.add.at(joint, bias[known], softmax((hidden @ reader.T)[known], axis=1))
    information = entropy(joint.sum(1)) + entropy(joint.sum(0)) - entropy(joint.ravel())
    return task + gamma * information / np.log(3) + sparsity * factors.mean()


@pytest.mark.parametrize(("gamma", "pressure"), [(0.0, 0.0), (10.0, 0.0), (2.5, 0.7)])
def test_a_step_of_the_gates_follows_the_slope_of_equation_10(toy, gamma, pressure):
    # At m = 0 every gate is 1 and its slope 1 / (2τ), so that the gradient is half the slope in the factors over τ.
    tau, weights = 0.25, (numbers((4, 2), 1.0), numbers((2, 4), 1.5, 20), numbers((3, 4), 2.0, 50))
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 4, bias=False), nn.Tanh(), nn.Linear(4, 2, bias=False))
    for number, weight in ((1, weights[0]), (3, weights[1])):
        network[number].weight = nn.Parameter(torch.tensor(weight, dtype=torch.float32))
    pixels, target, bias = numbers((9, 2), 1.2, 80), np.arange(9) % 2, np.array([0, 1, 2, 0, -1, 2, 1, 1, 2])
    images = torch.tensor(pixels, dtype=torch.float32).view(9, 1, 1, 2)
    batch = Examples(images=images, target=torch.from_numpy(target), biases=(torch.from_numpy(bias),), values=(3,))
    cut = split(lift(network.eval(), images).module)
    settings = MaskSearchSettings(gamma=gamma, sparsity=pressure, rate=0.01)
    state = start(cut, batch, settings)
    state.heads[0].linear.weight.data = torch.tensor(weights[2], dtype=torch.float32)
    gate_step(cut, toy[1], batch, state, settings, tau)
    told = {"weights": weights, "pixels": pixels, "target": target, "bias": bias, "gamma": gamma, "sparsity": pressure}
    slopes = np.zeros((4, 2))
    for place in np.ndindex(4, 2):
        up, down = np.ones((4, 2)), np.ones((4, 2))
        up[place], down[place] = 1 + 1e-5, 1 - 1e-5
        slopes[place] = (equation_10(up, **told) - equation_10(down, **told)) / 2e-5
    (gates,) = state.gates.values
    np.testing.assert_allclose(gates.grad.numpy(), slopes / (2 * tau), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(gates.detach().numpy(), -0.01 * np.sign(slopes), rtol=1e-3)  # Adam's first step


class KilledError(Exception):
    pass


@pytest.mark.parametrize("stop", [2, 3, 8])
def test_a_search_that_was_killed_goes_on_to_the_same_bits(toy, tmp_path, stop):
    cut, head, fit, choose, _ = toy
    whole = search(cut, head, fit, choose, BRIEF)
    checkpoint = tmp_path / "search.safetensors"
    done = []

    def kill(step):
        done.append(step)
        if len(done) == stop:
            raise KilledError

    with pytest.raises(KilledError):
        search(cut, head, fit, choose, BRIEF, checkpoint=checkpoint, progress=kill)
    again = search(cut, head, fit, choose, BRIEF, checkpoint=checkpoint)
    assert again.resumed
    assert [*done, *again.history] == list(whole.history)
    assert all(torch.equal(again.masks[name], mask) for name, mask in whole.masks.items())


def test_a_finished_search_is_read_and_not_repeated(toy, tmp_path):
    cut, head, fit, choose, _ = toy
    brief = replace(QUICK, levels=2, epochs=2)
    first, again = (search(cut, head, fit, choose, brief, checkpoint=tmp_path / "s.safetensors") for _ in range(2))
    assert again.history == ()
    assert (again.tau, again.agreed) == (first.tau, first.agreed)
    assert all(torch.equal(again.masks[name], mask) for name, mask in first.masks.items())


def test_a_checkpoint_of_another_search_is_refused(toy, tmp_path):
    cut, head, fit, choose, _ = toy
    checkpoint = tmp_path / "search.safetensors"
    brief = replace(QUICK, levels=1, epochs=1)
    search(cut, head, fit, choose, brief, checkpoint=checkpoint, key="one")
    with pytest.raises(ModelError, match="cannot be resumed"):
        search(cut, head, fit, choose, brief, checkpoint=checkpoint, key="two")
    checkpoint.write_bytes(b"damaged")
    with pytest.raises(ModelError, match="cannot be resumed"):
        search(cut, head, fit, choose, brief, checkpoint=checkpoint, key="one")


def test_a_sparsity_weight_prunes_more(toy):
    cut, head, fit, choose, _ = toy
    brief = replace(QUICK, levels=2)
    shares = [
        sparsity(cut, search(cut, head, fit, choose, replace(brief, sparsity=weight)).masks) for weight in (0.0, 5.0)
    ]
    assert shares[1] > shares[0] + 0.1


def test_structured_masks_have_an_entry_per_unit(toy):
    cut, head, fit, choose, _ = toy
    masks = search(cut, head, fit, choose, replace(QUICK, mode="structured", levels=2, epochs=2)).masks
    assert {name: tuple(mask.shape) for name, mask in masks.items()} == {"1": (24,), "3": (16,)}


@pytest.mark.parametrize("change", ["one bias value", "the target", "none known", "two biases"])
def test_any_bias_is_searched(toy, change):
    cut, head, fit, choose, _ = toy
    parts = []
    for part in (fit, choose):
        codes, count = {
            "one bias value": (torch.zeros_like(part.target), 1),
            "the target": (part.target, 2),
            "none known": (torch.full_like(part.target, -1), 2),
            "two biases": (part.biases[0], 2),
        }[change]
        biases = (codes, part.target) if change == "two biases" else (codes,)
        parts.append(replace(part, biases=biases, values=(count,) * len(biases)))
    result = search(cut, head, *parts, replace(QUICK, levels=1, epochs=3))
    assert all(0 <= step.information <= 1 + 1e-6 for step in result.history)


def test_a_loss_that_is_not_finite_is_told(toy):
    cut, head, fit, choose, _ = toy
    broken = replace(fit, images=torch.full_like(fit.images, float("nan")))
    with pytest.raises(ModelError, match="not finite"):
        search(cut, head, broken, choose, QUICK)


def test_the_objective_is_the_loss_plus_information(toy):
    cut, head, fit, _, _ = toy
    features, logits = cut.features(fit.images)
    task, information = objective(head, logits, features, [lambda z: torch.zeros(len(z), 2)], fit, gamma=1.0)
    expected = -logits.log_softmax(1)[torch.arange(len(fit)), fit.target].mean()
    torch.testing.assert_close(task, expected)
    assert information.item() == pytest.approx(0, abs=1e-6)  # a head that always answers the same
