from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings
from fairaudit.generators.train import (
    GeneratorSettings,
    LabelledBatch,
    TrainingProgress,
    objective,
    split_rows,
    train_generator,
)

SETTINGS = GeneratorSettings(epochs=3, batch_size=16, patience=9, learning_rate=5e-3)


def _model(seed: int = 0) -> Autoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Autoencoder(AutoencoderSettings(size=(28, 28), latent=8, width=8))


def _same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.mark.slow
def test_training_lowers_the_held_out_loss_and_keeps_the_best_epoch(fetch: Any) -> None:
    model, seen = _model(), []
    found = train_generator(model, 160, fetch, replace(SETTINGS, epochs=5, batch_size=8), progress=seen.append)
    losses = [held_out for _, held_out in found.history]
    assert losses[-1] < 0.8 * losses[0]
    assert found.best_epoch == int(np.argmin(losses)) + 1
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert isinstance(seen[-1], TrainingProgress)
    assert (seen[-1].epoch, seen[-1].done, seen[-1].total) == (5, 144, 144)
    assert seen[-1].held_out == losses[-2]


def test_the_same_seed_gives_the_same_weights_and_another_does_not(fetch: Any) -> None:
    one, two, other = _model(), _model(), _model()
    short = replace(SETTINGS, epochs=1)
    train_generator(one, 160, fetch, short)
    train_generator(two, 160, fetch, short)
    train_generator(other, 160, fetch, replace(short, seed=1))
    assert _same(one, two)
    assert not _same(one, other)


class _KillError(Exception):
    pass


@pytest.mark.slow
def test_a_killed_training_ends_where_one_that_was_not_does(fetch: Any, tmp_path: Path) -> None:
    whole, stopped, resumed = _model(), _model(), _model(seed=5)
    expected = train_generator(whole, 160, fetch, SETTINGS)
    checkpoint = tmp_path / "training.safetensors"

    def kill(progress: TrainingProgress) -> None:
        if progress.epoch == 3 and progress.done > 50:
            raise _KillError

    with pytest.raises(_KillError):
        train_generator(stopped, 160, fetch, SETTINGS, checkpoint=checkpoint, progress=kill)
    found = train_generator(resumed, 160, fetch, SETTINGS, checkpoint=checkpoint)
    assert (found.resumed_from, found.history) == (2, expected.history)
    assert _same(whole, resumed)


def test_a_checkpoint_of_another_training_is_refused(fetch: Any, tmp_path: Path) -> None:
    checkpoint = tmp_path / "training.safetensors"
    train_generator(_model(), 160, fetch, replace(SETTINGS, epochs=1), checkpoint=checkpoint)
    with pytest.raises(ModelError, match="another training") as caught:
        train_generator(_model(), 160, fetch, replace(SETTINGS, seed=3, epochs=1), checkpoint=checkpoint)
    assert caught.value.found == f"seed was {SETTINGS.seed}, is 3"
    assert "--fresh" in (caught.value.advice or "")
    with pytest.raises(ModelError) as caught:
        train_generator(_model(), 160, fetch, replace(SETTINGS, epochs=1), checkpoint=checkpoint, tag="x" * 99)
    assert caught.value.found == "other rows, preprocessing or models to keep"
    assert len(str(caught.value)) < 300
    with safe_open(checkpoint, framework="pt") as file:
        metadata, first = file.metadata(), {name: file.get_tensor(name) for name in list(file.keys())[:1]}
    save_file(first, checkpoint, metadata=metadata)  # the rest was lost
    with pytest.raises(ModelError, match="cannot be read"):
        train_generator(_model(), 160, fetch, replace(SETTINGS, epochs=1), checkpoint=checkpoint)
    checkpoint.write_bytes(b"no")
    with pytest.raises(ModelError, match="cannot be read"):
        train_generator(_model(), 160, fetch, replace(SETTINGS, epochs=1), checkpoint=checkpoint)


def test_patience_stops(fetch: Any) -> None:
    still = replace(SETTINGS, epochs=9, patience=2, learning_rate=1e-12)
    found = train_generator(_model(), 160, fetch, still)
    assert found.stopped_early
    assert len(found.history) < 9


@pytest.mark.slow
def test_a_conditional_vae_learns_what_its_conditions_mean(fetch: Any, shapes: Any) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = ConditionalVae(CvaeSettings(size=(28, 28), latent=4, width=8))
    train_generator(model, 160, fetch, replace(SETTINGS, epochs=8, batch_size=8))
    images, target, attribute = (part[:20] for part in shapes)
    latents = model.posterior(images, model.condition(target, attribute)).mean
    flipped = model.decode(latents, model.condition(target, 1 - attribute))
    ground = flipped[:, :2].mean(dim=(2, 3))
    assert (ground.argmax(dim=1) == 1 - attribute).float().mean() >= 0.9


def test_the_objective_of_a_conditional_vae_by_hand() -> None:
    """Black reconstruction of a white image: pixel loss 1 + 1, KL from the stored posterior over c·h·w numbers."""

    class Fixed(ConditionalVae):
        def posterior(self, images: torch.Tensor, condition: torch.Tensor) -> Any:
            from fairaudit.generators.cvae import GaussianPosterior

            return GaussianPosterior(torch.full((1, 4), 2.0), torch.zeros(1, 4))

        def decode(self, latents: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
            return torch.zeros(1, 1, 28, 28)

    model = Fixed(CvaeSettings(channels=1, size=(28, 28), latent=4, width=8))
    white = LabelledBatch(images=torch.ones(1, 1, 28, 28), target=torch.tensor([0]), attribute=torch.tensor([1]))
    # KL = ½ · 4 · 2² = 8, and 8 / 784.
    loss = objective(model, white, torch.zeros(1, 4), replace(SETTINGS, perceptual=0.0))
    assert loss.item() == pytest.approx(2.0 + 8 / 784)


def test_conditions_are_needed(shapes: Any) -> None:
    model = ConditionalVae(CvaeSettings(size=(28, 28), latent=4, width=8))
    with pytest.raises(UsageError, match="needs the target"):
        objective(model, LabelledBatch(images=shapes[0][:2]), torch.zeros(2, 4), SETTINGS)
    with pytest.raises(UsageError, match="needs the target"):
        model.condition(torch.tensor([0, -1]), torch.tensor([0, 0]))


def test_split_is_a_partition_from_the_seed() -> None:
    learn, held_out = split_rows(50, SETTINGS)
    assert sorted([*learn.tolist(), *held_out.tolist()]) == list(range(50))
    assert len(held_out) == 5
    with pytest.raises(UsageError, match="Too few"):
        split_rows(2, SETTINGS)


def test_a_loss_that_is_not_finite_ends_the_training(fetch: Any) -> None:
    def broken(rows: Any) -> LabelledBatch:
        return LabelledBatch(images=fetch(rows).images * float("nan"))

    with pytest.raises(UsageError, match="not finite"):
        train_generator(_model(), 160, broken, SETTINGS)


def test_scores_that_are_kept_are_part_of_the_loss(fetch: Any) -> None:
    """Log-odds 4·(mean − ½): tanh of a quarter of them, squared, times the weight and the ramp."""
    examples = fetch(np.arange(4))
    model = _model()
    noise = torch.zeros(4, 8)

    def keep(images: torch.Tensor) -> torch.Tensor:
        return 4 * (images.flatten(1).mean(dim=1, keepdim=True) - 0.5)

    plain = objective(model, examples, noise, SETTINGS, ramp=0.5)
    kept = objective(model, examples, noise, SETTINGS, keep, ramp=0.5)
    found = model(examples.images, noise)
    gap = torch.tanh(keep(found) / 4) - torch.tanh(keep(examples.images) / 4)
    torch.testing.assert_close(kept - plain, 0.5 * SETTINGS.keep * gap[:, 0].square(), atol=1e-6, rtol=1e-4)


def test_a_checkpoint_remembers_what_was_kept(fetch: Any, tmp_path: Path) -> None:
    checkpoint, short = tmp_path / "training.safetensors", replace(SETTINGS, epochs=1)
    train_generator(_model(), 40, fetch, short, checkpoint=checkpoint, tag="a")
    with pytest.raises(ModelError, match="another training"):
        train_generator(_model(), 40, fetch, short, checkpoint=checkpoint, tag="b")
