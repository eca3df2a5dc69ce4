"""What a synthetic face is made of: its labels and every nuisance parameter, so that it can be drawn again exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.synthetic.labels import VALUES, exact_labels
from fairaudit.errors import UsageError, suggestion
from fairaudit.seeds import child_seed, generator

RANGES: Mapping[str, tuple[float, float]] = {
    # head: centre in pixels, size, tilt in radians
    "head_x": (30.0, 34.0),
    "head_y": (26.0, 28.5),
    "scale": (0.93, 1.07),
    "tilt": (-0.12, 0.12),
    "width": (12.0, 13.6),
    # body relative to the head (x) and to its usual height (y)
    "body_x": (-1.0, 1.0),
    "body_y": (-0.8, 0.8),
    "shoulders": (21.0, 26.0),
    # mouth: how far its corners rise above its middle, in pixels, for either expression
    "smile_rise": (2.2, 3.6),
    "neutral_rise": (-1.0, 0.4),
    "mouth_x": (-1.2, 1.2),
    "mouth_y": (7.2, 9.4),
    "mouth_width": (4.4, 6.2),
    "mouth_lips": (0.70, 1.10),
    "mouth_red": (0.40, 0.60),
    # eyes and brows
    "gaze": (-0.7, 0.7),
    "eye_open": (1.2, 1.9),
    "eye_gap": (4.8, 5.6),
    "brow_y": (-7.2, -5.8),
    "brow_slant": (-0.25, 0.25),
    # colours
    "skin_shade": (-0.06, 0.06),
    "hair_shade": (-0.05, 0.05),
    "hair_long": (0.0, 1.0),
    "hair_line": (-10.5, -8.0),
    "shirt_light": (0.62, 0.95),
    "shirt_tint": (-0.12, 0.12),
    "tie_hue": (0.0, 1.0),
    "tie_stripe": (0.0, 0.35),
    "tie_width": (3.4, 4.6),
    "hat_hue": (0.0, 1.0),
    "hat_crown": (8.6, 11.0),
    "frame_dark": (0.05, 0.30),
    # background: two colours along a direction
    "back_red": (0.25, 0.85),
    "back_green": (0.25, 0.85),
    "back_blue": (0.25, 0.85),
    "back_slope_x": (-0.18, 0.18),
    "back_slope_y": (-0.18, 0.18),
    # standard deviation of the pixel noise, in 8-bit steps
    "noise": (4.0, 8.0),
}
"""Every nuisance parameter with the range that it is drawn from, uniformly and independently of all labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Faces before they are drawn; drawing a scene is a function of its rows, one by one."""

    labels: Mapping[str, NDArray[np.int64]]
    """Codes [image] of the target and of every attribute, see `VALUES`."""
    nuisance: Mapping[str, NDArray[np.float32]]
    """Everything else that shapes an image [image], see `RANGES`."""
    noise_seed: NDArray[np.int64]
    """Seed of each image's pixel noise [image]."""

    def __len__(self) -> int:
        return len(self.noise_seed)

    def take(self, rows: Sequence[int] | NDArray[np.int64] | slice) -> Scene:
        """The faces of these rows, in this order."""
        index = rows if isinstance(rows, slice) else np.asarray(rows, dtype=np.int64)
        return Scene(
            labels={name: codes[index] for name, codes in self.labels.items()},
            nuisance={name: values[index] for name, values in self.nuisance.items()},
            noise_seed=self.noise_seed[index],
        )


def make_scene(images: int, *, seed: int, phi: Mapping[str, float] | None = None) -> Scene:
    """Faces with exact label counts and random nuisance parameters.

    Args:
        images: number of faces.
        seed: seed of everything.
        phi: Yule's φ between smiling and an attribute; attributes that are not named are independent of it.

    Raises:
        UsageError: fewer than one image, an unknown attribute or a φ out of reach.
    """
    if images < 1:
        raise UsageError("There are no faces to draw.", wanted="at least 1 image", found=str(images))
    rng = generator(seed, "faces", "nuisance")
    first = child_seed(seed, "faces", "noise") >> 1
    return Scene(
        labels=exact_labels(images, seed=seed, phi=phi),
        nuisance={name: rng.uniform(low, high, images).astype(np.float32) for name, (low, high) in RANGES.items()},
        noise_seed=first + np.arange(images, dtype=np.int64),
    )


def twin(scene: Scene, label: str, codes: NDArray[np.int64] | int | None = None) -> Scene:
    """The exact counterfactual twins: the same faces with one label changed and everything else kept.

    Args:
        scene: the faces.
        label: the label that changes; "smiling" too.
        codes: the new codes [image], or one for all; left out, a binary label is flipped.

    Raises:
        UsageError: an unknown label, codes that it does not have, or none for a label with more than two values.
    """
    if label not in VALUES:
        raise UsageError("Faces have no such label.", found=label, advice=suggestion(label, VALUES))
    values = VALUES[label]
    if codes is None:
        if len(values) != 2:
            raise UsageError(
                f"{label} has more than two values, so the new ones must be given.", wanted=", ".join(values)
            )
        codes = 1 - scene.labels[label]
    new = np.broadcast_to(np.asarray(codes, dtype=np.int64), len(scene)).copy()
    if len(new) and not 0 <= new.min() <= new.max() < len(values):
        raise UsageError(f"A code is not a value of {label}.", wanted=f"codes 0 to {len(values) - 1}")
    return replace(scene, labels={**scene.labels, label: new})
