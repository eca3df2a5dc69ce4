"""What a generator does to a classifier's evidence, measured before any of its counterfactuals is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.cvae import Conditioned
from fairaudit.generators.generator import EncoderDecoder
from fairaudit.measures.distributions import student_ppf

CHECKED = 32
"""Images on which a generator is checked before it is used, drawn evenly from the manifest, and at once."""
JUDGED = 256
"""Images at most on which it is judged where that is what was asked for."""
FEWEST = 8
"""Images without which the mean drift gets no interval: three that happen to agree would give a narrow one."""
LEVEL = 0.95
"""Coverage of the interval of the mean drift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Limits beyond which a generator's counterfactuals are no evidence."""

    drift: float = 0.15
    """Mean |p(x) − p(D(E(x)))| over the images that were checked."""
    batch: float = 1e-3
    """Largest difference between an image decoded alone and in a batch."""
    repeat: float = 1e-5
    """Largest difference between two reconstructions of the same image."""

    def __post_init__(self) -> None:
        """Refuse what nothing is above: with such a tolerance anything would be evidence."""
        for name in ("drift", "batch", "repeat"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(
                    f"The tolerance {name} cannot be used", wanted="a number from 0 to 1", found=str(value)
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was measured."""

    images: int
    """Images that were checked."""
    reconstruction_error: float
    """Mean absolute difference of pixels, in [0, 1]."""
    prediction_drift: float
    """Mean |p(x) − p(D(E(x)))| of the head that moves most on average."""
    drift_head: int
    """Column of that head."""
    drift_low: float | None = None
    """Lower end of the interval of that mean over images, in [0, 1]; None for fewer than eight images."""
    drift_high: float | None = None
    """Upper end, of the head that reaches furthest; None for fewer than eight images."""
    decisions_kept: float
    """Share of all (image, head) decisions at one half that the reconstruction keeps."""
    batch_difference: float
    """Largest pixel difference between decoding alone and in a batch."""
    repeat_difference: float
    """Largest pixel difference between two runs."""
    smallest_gradient: float
    """Smallest length of an image's gradient of a score with respect to its latent."""
    largest_gradient: float
    """Largest such length."""


def check_generator(generator: EncoderDecoder, score: Callable[[Tensor], Tensor], images: Tensor) -> Facts:
    """Measure a generator on images the classifier is audited on.

    Args:
        generator: encode and decode.
        score: images → scores [n, M], differentiable; what must not drift.
        images: [n, c, h, w] in [0, 1], two at least.

    Raises:
        ModelError: reconstructions of another shape, or anything that is not finite.
    """
    parts = [slice(at, at + CHECKED) for at in range(0, len(images), CHECKED)]
    found = torch.cat([_reconstructed(_of(generator, part), images[part])[1] for part in parts])
    values, kept = (torch.cat([score(of[part]).detach() for part in parts]) for of in (images, found))
    drifts = (values - kept).abs().double()
    drift = drifts.mean(dim=0)
    head = int(drift.argmax())
    low, high = _ends(drifts, head)
    first = _of(generator, parts[0])
    latents, again = _reconstructed(first, images[parts[0]])
    alone = [_reconstructed(_of(generator, one), images[one])[1] for one in _singles(min(4, len(images)))]
    lengths = gradient_lengths(first, score, latents, head)
    return Facts(
        images=len(images),
        reconstruction_error=float((found - images).abs().double().mean()),
        prediction_drift=float(drift[head]),
        drift_head=head,
        drift_low=low,
        drift_high=high,
        decisions_kept=float(((values >= 0.5) == (kept >= 0.5)).double().mean()),
        batch_difference=float((torch.cat(alone) - found[: len(alone)]).abs().max()),
        repeat_difference=float((again - found[parts[0]]).abs().max()),
        smallest_gradient=float(lengths.min()),
        largest_gradient=float(lengths.max()),
    )


def refuse(facts: Facts, tolerance: Tolerance | None = None) -> str | None:
    """Why the generator's counterfactuals are no evidence about this classifier; None when they may be used."""
    limits = tolerance or Tolerance()
    if facts.largest_gradient == 0:
        return "the score's gradient with respect to the latent is zero for every image, so nothing can be moved"
    if facts.repeat_difference > limits.repeat:
        return (
            f"two reconstructions of the same image differ by up to {facts.repeat_difference:.2g} "
            f"(tolerance {limits.repeat:g}): the generator is not deterministic"
        )
    if facts.batch_difference > limits.batch:
        return (
            f"an image decoded alone and in a batch differs by up to {facts.batch_difference:.2g} "
            f"(tolerance {limits.batch:g}): the generator mixes the images of a batch"
        )
    if facts.prediction_drift > limits.drift:
        return (
            f"reconstruction alone moves a score by {facts.prediction_drift:.2f} on average "
            f"(tolerance {limits.drift:g}): what the classifier looks at is lost before anything is changed"
        )
    return None


def undecided(facts: Facts, tolerance: Tolerance | None = None) -> str | None:
    """Why the checked images do not show that a generator may be used although it is not refused; None if they do.

    The whole interval of the mean drift has to lie within the tolerance.
    """
    limit = (tolerance or Tolerance()).drift
    if facts.drift_low is None or facts.drift_high is None:
        return f"{facts.images} images are too few to say how much reconstruction moves a score (at least {FEWEST})"
    if facts.drift_high > limit:
        return (
            f"reconstruction alone moves a score by {facts.prediction_drift:.2f} on average, and the {LEVEL:.0%} "
            f"interval up to {facts.drift_high:.2f} reaches beyond the tolerance {limit:g}: more images would decide"
        )
    return None


def gradient_lengths(
    generator: EncoderDecoder, score: Callable[[Tensor], Tensor], latents: Tensor, head: int
) -> Tensor:
    """Length of every image's gradient of one score with respect to its latent, [n] float64.

    Raises:
        ModelError: a gradient that is missing or not finite.
    """
    start = latents.detach().requires_grad_(True)
    with torch.enable_grad():
        total = score(generator.decode(start))[:, head].sum()
        gradient = torch.autograd.grad(total, start, allow_unused=True)[0] if total.requires_grad else None
    if gradient is None:
        raise ModelError(
            "The score has no gradient with respect to the generator's latent",
            wanted="a decoder and a classifier that can be differentiated",
            advice="Save both without torch.no_grad and without detach.",
        )
    if not bool(torch.isfinite(gradient).all()):
        share = float((~torch.isfinite(gradient)).flatten(1).any(dim=1).double().mean())
        raise ModelError(
            "The gradient with respect to the generator's latent is not finite",
            wanted="finite numbers",
            found=f"NaN or infinity for {share:.0%} of the images",
            advice="Check the generator's weights, and compute in fp32.",
        )
    return gradient.double().flatten(1).square().sum(dim=1).sqrt()


def _of(generator: EncoderDecoder, rows: slice) -> EncoderDecoder:
    """The generator for some of the images: a conditional one has the conditions of all of them."""
    return generator.part(rows) if isinstance(generator, Conditioned) else generator


def _singles(count: int) -> list[slice]:
    return [slice(row, row + 1) for row in range(count)]


def _ends(drifts: Tensor, head: int) -> tuple[float | None, float | None]:
    """Student's interval of the mean of |p(x) − p(D(E(x)))| over images, [n, M]: the head's low, the highest high."""
    count = len(drifts)
    if count < FEWEST:
        return None, None
    half = float(student_ppf((1 + LEVEL) / 2, count - 1)) * drifts.std(dim=0) / count**0.5
    means = drifts.mean(dim=0)
    return max(0.0, float((means - half)[head])), min(1.0, float((means + half).max()))


@torch.no_grad()
def _reconstructed(generator: EncoderDecoder, images: Tensor) -> tuple[Tensor, Tensor]:
    latents = generator.encode(images)
    found = generator.decode(latents)
    if found.shape != images.shape:
        raise ModelError(
            "The generator gives back images of another size",
            wanted=str(list(images.shape[1:])),
            found=str(list(found.shape[1:])),
            advice="Train one with `fairaudit generator train`, or change preprocess.size.",
        )
    if not bool(torch.isfinite(found).all()):
        raise ModelError(
            "The generator's reconstructions are not finite", wanted="numbers in [0, 1]", found="NaN or infinity"
        )
    return latents, found
