import pytest
import torch
from torch import nn

from fairaudit.data.synthetic.draw import draw
from fairaudit.data.synthetic.scene import make_scene
from fairaudit.demo.network import smile_network
from fairaudit.demo.train import build, save_script, train
from fairaudit.errors import OutputError


def faces(images, seed, phi):
    scene = make_scene(images, seed=seed, phi={"necktie": phi})
    return torch.from_numpy(draw(scene).images), torch.from_numpy(scene.labels["smiling"])


def accuracy(network, images, target):
    with torch.no_grad():
        return ((network(images.float() / 255)[:, 0] > 0).long() == target).double().mean().item()


def weights(network):
    return [value.clone() for value in network.state_dict().values()]


def test_training_learns_the_easy_cue_on_faces_it_never_saw():
    images, target = faces(256, seed=0, phi=1.0)
    test = faces(100, seed=1, phi=1.0)
    network = build(smile_network, seed=0)
    before = accuracy(network.eval(), *test)
    train(network, images, target, seed=0, epochs=5, batch_size=16)
    assert not network.training
    assert accuracy(network, *test) > max(0.9, before)


def test_training_again_gives_the_same_bits():
    images, target = faces(48, seed=0, phi=0.0)
    results = []
    for seed in (0, 0, 1):
        network = build(smile_network, seed=0)
        train(network, images, target, seed=seed, epochs=2, batch_size=16)
        results.append(weights(network))
    assert all(torch.equal(a, b) for a, b in zip(results[0], results[1], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(results[0], results[2], strict=True))


@pytest.mark.parametrize("outputs", [1, 3])
def test_one_step_is_adam_on_the_cross_entropy(outputs):
    # Adam's first step moves every weight by the rate against its gradient's sign; the cycle starts at rate / 25.
    images, target = (
        torch.rand(12, 3, 2, 2, generator=torch.Generator().manual_seed(0)),
        torch.arange(12) % max(2, outputs),
    )
    network = build(lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, outputs)), seed=0)
    weight, bias = (parameter.detach().clone().double() for parameter in network.parameters())
    flat = images.double().reshape(12, 12)
    logits = flat @ weight.T + bias
    share = torch.sigmoid(logits) if outputs == 1 else torch.softmax(logits, dim=1)
    wanted = target[:, None].double() if outputs == 1 else torch.eye(3, dtype=torch.float64)[target]
    gradient = (share - wanted).T @ flat / 12
    seen = []
    train(
        network,
        images,
        target,
        seed=0,
        epochs=20,
        batch_size=12,
        rate=0.025,
        progress=lambda *_: seen.append(network[1].weight.detach().double()),
    )
    step = seen[0] - weight
    torch.testing.assert_close(step, -0.001 * gradient.sign(), rtol=0.01, atol=1e-6)


def test_8_bit_images_are_seen_between_0_and_1():
    images, target = torch.randint(0, 256, (8, 3, 2, 2), dtype=torch.uint8), torch.arange(8) % 2
    networks = [build(lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 1)), seed=0) for _ in range(2)]
    train(networks[0], images, target, seed=0, epochs=2, batch_size=4)
    train(networks[1], images.float() / 255, target, seed=0, epochs=2, batch_size=4)
    assert torch.equal(networks[0][1].weight, networks[1][1].weight)


def test_build_leaves_the_callers_random_state_alone():
    before = torch.get_rng_state()
    first, second, other = (build(smile_network, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))
    assert not torch.equal(first[0].weight, other[0].weight)


def test_progress_counts_every_step():
    images, target = faces(40, seed=0, phi=0.0)
    steps = []
    network = build(smile_network, seed=0)
    train(network, images, target, seed=0, epochs=2, batch_size=16, progress=lambda *step: steps.append(step))
    # A last batch of 8 is left out.
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_script_gives_the_same_logits(tmp_path):
    network = build(smile_network, seed=0).eval()
    save_script(network, tmp_path / "model.pt")
    script = torch.jit.load(tmp_path / "model.pt")
    images = torch.rand(3, 3, 64, 64)
    assert torch.equal(script(images), network(images))
    assert not script.training


def test_script_into_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match=r"no/model\.pt"):
        save_script(nn.Sequential(nn.Linear(1, 1)), tmp_path / "no" / "model.pt")
