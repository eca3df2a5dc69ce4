"""Alignment of the demonstration's models when faces are drawn, not generated: what exact twins say. Run by hand.

    python tests/audits/twin_alignment.py demo-0 --seed 0 [--faces 300]     # a folder that `fairaudit demo` wrote

The generator is the program that drew the faces: a face's latents are how far its mouth rises and how much of its
necktie is there, and decoding draws it. There is more than one way for a necktie to go; each is a path of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairaudit.counterfactuals.heads import JoinedHeads, ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.latent_shift import latent_shift
from fairaudit.counterfactuals.probe import train_probe
from fairaudit.data.synthetic.draw import draw
from fairaudit.data.synthetic.scene import Scene, twin
from fairaudit.demo.make import Recipe, demo_scenes
from fairaudit.measures.alignment.alignment import Alignment, alignment
from fairaudit.measures.alignment.relative_change import RelativeChange, relative_change

LEVELS = np.linspace(0.0, 1.0, 9)
SETTINGS = LadderSettings(search="fast", drop=0.6, pixel_limit=0.05)
PATHS = {
    "fades": lambda share, pixels: np.full(pixels.down.shape, share),
    "gets shorter": lambda share, pixels: np.clip(share * pixels.length - pixels.down, 0, 1),
    "gets narrower": lambda share, pixels: np.clip(8.5 * share - pixels.aside, 0, 1),
}
"""What is left of every pixel of the necktie, [face, row, column], when a share of it is."""


@dataclass(frozen=True)
class Pixels:
    """Where every pixel is on its necktie, [face, row, column]."""

    down: NDArray[np.float64]
    """Rows below the top."""
    aside: NDArray[np.float64]
    """Columns from the middle."""
    length: NDArray[np.float64]
    """Rows from the top to the end of the image."""


class DrawnTwins:
    """A generator whose images are exact drawings, mixed linearly between neighbours in the grid of levels.

    Latents: [mouth, necktie, face]. The first two are the distance in pixels (L2) to the face without a smile and
    without a necktie, so that a step costs the same in either direction; the third names the face and has no gradient.
    """

    def __init__(self, faces: Scene, path: str) -> None:
        self.grid = _grid(faces, path)
        ends = self.grid[:, [-1, 0, 0], [0, -1, 0]].float() / 255
        self.lengths = torch.stack([(ends[:, i] - ends[:, 2]).flatten(1).norm(dim=1) for i in (0, 1)], dim=1)
        self.worn = torch.from_numpy(faces.labels["necktie"]).float()

    def latents(self, faces: Tensor) -> Tensor:
        """[face, 3] of these faces, which smile and wear what they wear."""
        there = torch.stack([torch.ones(len(faces)), self.worn[faces]], dim=1)
        return torch.cat([there * self.lengths[faces], faces[:, None].float()], dim=1)

    def decode(self, latents: Tensor) -> Tensor:
        """[face, 3, 64, 64] in [0, 1]."""
        face, last = latents[:, 2].detach().long(), len(LEVELS) - 1
        # A hair beyond the ends: at an end itself the gradient of a clamp is zero.
        at = (latents[:, :2] / self.lengths[face]).clamp(-0.01, 1.01) * last
        corner = at.detach().floor().long().clamp(0, last - 1)
        mouth, tie = ((at - corner)[:, i, None, None, None] for i in (0, 1))
        near, far = ((1 - tie) * self._at(face, corner, i, 0) + tie * self._at(face, corner, i, 1) for i in (0, 1))
        return near * (1 - mouth) + far * mouth

    def _at(self, face: Tensor, corner: Tensor, mouth: int, tie: int) -> Tensor:
        return self.grid[face, corner[:, 0] + mouth, corner[:, 1] + tie].float() / 255


class Block:
    """The drawn twins of some of the faces, as the encoder and decoder of one batch."""

    def __init__(self, twins: DrawnTwins, faces: Tensor) -> None:
        self.twins, self.faces = twins, faces

    def encode(self, images: Tensor) -> Tensor:
        """The images are the faces of this batch, in order."""
        return self.twins.latents(self.faces)

    def decode(self, latents: Tensor) -> Tensor:
        """As drawn."""
        return self.twins.decode(latents)


def smiling_faces(seed: int, faces: int) -> Scene:
    """The demonstration's first smiling test faces."""
    scene = demo_scenes(seed=seed, recipe=Recipe())["test"]
    return scene.take(np.flatnonzero(scene.labels["smiling"] == 1)[:faces])


def necktie_probe(seed: int, recipe: Recipe | None = None) -> nn.Module:
    """A necktie classifier of exact drawings, fitted on the balanced training faces: images → one logit."""
    scene = demo_scenes(seed=seed, recipe=recipe or Recipe())["balanced"]
    images = torch.from_numpy(draw(scene).images)
    probe = train_probe(
        lambda rows: images[torch.from_numpy(rows)].float() / 255, scene.labels["necktie"].astype(np.int32), 2
    )
    assert probe.accuracy > 0.99, probe.accuracy
    return nn.Sequential(probe.module, _Difference())


class _Difference(nn.Module):
    def forward(self, logits: Tensor) -> Tensor:
        return logits[:, 1:] - logits[:, :1]


def heads_of(model: nn.Module, probe: nn.Module) -> JoinedHeads:
    """Smiling, then necktie."""
    return JoinedHeads([ModelHeads(model, ["smiling"], link="sigmoid"), ModelHeads(probe, ["necktie"], link="sigmoid")])


def searched(twins: DrawnTwins, heads: JoinedHeads, faces: Sequence[int]) -> tuple[NDArray, NDArray]:
    """Scores [face, head] before and after the search of `fairaudit cf-align`, of the faces that are called smiling."""
    ends = []
    for chosen in torch.as_tensor(faces).split(64):
        pairs = [(row, 0) for row in range(len(chosen))]
        found = latent_shift(Block(twins, chosen), heads, twins.decode(twins.latents(chosen)), pairs, SETTINGS)
        ends.append(np.stack([found.before, found.after]))
    before, after = np.concatenate(ends, axis=1)
    called = before[:, 0] >= 0.5
    return before[called], after[called]


def changes(before: NDArray, after: NDArray) -> RelativeChange:
    """Relative change of the necktie's score with the smile's."""
    return relative_change(before[:, 1:], after[:, 1:], before[:, 0], after[:, 0])


def summary(before: NDArray, after: NDArray) -> Alignment:
    """Its mean with an interval over faces."""
    return alignment(changes(before, after), generator=np.random.default_rng(0))


def _grid(faces: Scene, path: str) -> Tensor:
    """Drawings at every level of mouth and necktie, uint8 [face, mouth, necktie, 3, 64, 64]."""
    grid = torch.empty(len(faces), len(LEVELS), len(LEVELS), 3, 64, 64, dtype=torch.uint8)
    for row, share in enumerate(LEVELS):
        some = faces.nuisance
        rise = some["neutral_rise"] + np.float32(share) * (some["smile_rise"] - some["neutral_rise"])
        mouth = replace(faces, nuisance={**some, "smile_rise": rise})
        worn, bare = (draw(twin(mouth, "necktie", code), masks=("necktie",)) for code in (1, 0))
        pixels = _places(worn.masks["necktie"])
        for column, left in enumerate(LEVELS):
            kept = PATHS[path](left, pixels) if 0 < left < 1 else np.full(pixels.down.shape, left)
            mixed = bare.images + kept[:, None] * (worn.images.astype(np.float32) - bare.images)
            grid[:, row, column] = torch.from_numpy(np.rint(mixed).astype(np.uint8))
    return grid


def _places(mask: NDArray[np.bool_]) -> Pixels:
    rows, columns = np.mgrid[: mask.shape[1], : mask.shape[2]]
    top = mask.any(axis=2).argmax(axis=1)[:, None, None]
    middle = (mask * columns).sum(axis=(1, 2), keepdims=True) / mask.sum(axis=(1, 2), keepdims=True)
    length = np.broadcast_to(mask.shape[1] - top, mask.shape).astype(float)
    return Pixels(down=rows - top.astype(float), aside=np.abs(columns - middle), length=length)


def main() -> int:
    """A row per model and path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="that `fairaudit demo` wrote")
    parser.add_argument("--seed", type=int, default=0, help="that it was made with")
    parser.add_argument("--faces", type=int, default=300)
    options = parser.parse_args()
    torch.set_num_threads(1)
    faces, probe = smiling_faces(options.seed, options.faces), necktie_probe(options.seed)
    sys.stdout.write("| the necktie | model | faces | alignment |\n| --- | --- | --- | --- |\n")
    for path in PATHS:
        twins = DrawnTwins(faces, path)
        for name in ("biased", "balanced"):
            heads = heads_of(torch.jit.load(str(options.folder / f"{name}.pt")).eval(), probe)
            row = summary(*searched(twins, heads, range(len(faces))))
            interval = f"{row.mean[0]:+.3f} [{row.mean_low[0]:+.3f}, {row.mean_high[0]:+.3f}]"
            sys.stdout.write(f"| {path} | {name} | {row.n[0]} | {interval} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
