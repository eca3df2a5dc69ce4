"""A whole demonstration in one folder: faces, their manifest, a configuration, and two models that differ in one thing.

Both networks have the same architecture and the same number of images that show the same kinds of faces. In the
training data of the first, smiling people wear a necktie (φ = 0.9); in the second's, neckties are balanced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from fairaudit.data.synthetic.draw import draw
from fairaudit.data.synthetic.faces import write
from fairaudit.data.synthetic.scene import Scene, make_scene
from fairaudit.demo.network import smile_network
from fairaudit.demo.train import build, save_script, train
from fairaudit.errors import OutputError
from fairaudit.seeds import child_seed

Progress = Callable[[str, int, int], None]
"""Called with the step's name, what is done of it and what there is in all."""

CONFIG = """\
# Demonstration: does a smile detector rely on neckties? Made by `fairaudit demo`.
data:
  manifest: faces.csv
  image: file
  id: id
  target: smiling
  attributes: [necktie, hat, skin]        # audit.attribute below chooses
  split: {column: split, use: test}    # also there: "biased" and "balanced", what the two models were trained on

preprocess: {size: [64, 64]}

model: {output: sigmoid, classes: [smiling]}

regions:                               # one box per face, in the manifest; faces without a necktie have one too
  necktie: {columns: [necktie_x0, necktie_y0, necktie_x1, necktie_y1], units: pixel}
  mouth: {columns: [mouth_x0, mouth_y0, mouth_x1, mouth_y1], units: pixel}

audit:
  attribute: necktie
  region: necktie
  saliency: [lrp, integrated_gradients]
  twins: {necktie: twin}               # column with the same face with, or without, its necktie: no photograph has one
  aligned:                             # what biased.pt's training taught; wrong decisions are told apart by it
    pairs: {necktie: {"0": "0", "1": "1"}}

gates:
  - {metric: equalized_odds_difference, attribute: necktie, max: 0.10}
  - {metric: rrf_lift_absolute, region: necktie, method: lrp, max: 1.5}    # evidence for and against counts
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Size of the demonstration."""

    train_images: int = 2400
    """Training images of either model."""
    test_images: int = 1000
    """Images to audit: as many with as without a smile and a necktie, in every combination."""
    epochs: int = 12
    """Training epochs."""
    phi: float = 0.9
    """Yule's φ between smiling and necktie in the biased model's training data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPaths:
    """Paths of the demonstration's files."""

    folder: Path
    """The folder that holds everything."""
    config: Path
    """fairaudit.yaml."""
    manifest: Path
    """faces.csv."""
    biased: Path
    """The model that was trained with neckties tied to smiling."""
    balanced: Path
    """The model that was trained with balanced neckties."""


def demo_paths(folder: Path) -> DemoPaths:
    """The files that `make_demo` writes into a folder."""
    return DemoPaths(
        folder=folder,
        config=folder / "fairaudit.yaml",
        manifest=folder / "faces.csv",
        biased=folder / "biased.pt",
        balanced=folder / "balanced.pt",
    )


def make_demo(
    folder: Path, *, seed: int = 0, recipe: Recipe | None = None, progress: Progress | None = None
) -> DemoPaths:
    """Draw the faces, train the two models and write everything that an audit needs.

    Args:
        folder: folder to write into; it is made if need be.
        seed: seed of faces and training.
        recipe: sizes; the full demonstration if left out.
        progress: called as the work goes on.

    Raises:
        OutputError: a file cannot be written, or would take the place of one that is not a demonstration's.
    """
    recipe = recipe or Recipe()
    paths = demo_paths(folder)
    _nothing_of_others(paths)
    scenes = demo_scenes(seed=seed, recipe=recipe)
    write(folder, scenes, twins={"test": "necktie"}, progress=_stage(progress, "Drawing faces"))
    try:
        paths.config.write_text(CONFIG, encoding="utf-8")  # before the training: it says whose folder this is
    except OSError as error:
        raise OutputError("The configuration cannot be written.", where=str(paths.config), found=str(error)) from error
    for name, path in (("biased", paths.biased), ("balanced", paths.balanced)):
        _train(scenes[name], path, seed=seed, epochs=recipe.epochs, progress=_stage(progress, f"Training {name} model"))
    return paths


def _nothing_of_others(paths: DemoPaths) -> None:
    """Refuse a folder whose files an earlier demonstration did not write."""
    there = [path for path in (paths.config, paths.manifest, paths.biased, paths.balanced) if path.exists()]
    first = CONFIG.partition("\n")[0].encode()
    if there and not (paths.config.is_file() and paths.config.read_bytes().startswith(first)):
        raise OutputError(
            "The demonstration would overwrite files that it did not write",
            found=", ".join(path.name for path in there),
            where=str(paths.folder),
            advice="Choose another folder with -o.",
        )


def demo_scenes(*, seed: int, recipe: Recipe) -> dict[str, Scene]:
    """The faces of each split, by its name in the manifest: test, biased and balanced."""
    return {
        "test": make_scene(recipe.test_images, seed=child_seed(seed, "test")),
        "biased": make_scene(recipe.train_images, seed=child_seed(seed, "biased"), phi={"necktie": recipe.phi}),
        "balanced": make_scene(recipe.train_images, seed=child_seed(seed, "balanced")),
    }


def _train(scene: Scene, path: Path, *, seed: int, epochs: int, progress: Callable[[int, int], None] | None) -> None:
    network = build(smile_network, seed=seed)
    images, target = torch.from_numpy(draw(scene).images), torch.from_numpy(scene.labels["smiling"])
    train(network, images, target, seed=seed, epochs=epochs, progress=progress)
    save_script(network, path)


def _stage(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
