"""Data and models of the trial of mitigation: faces or digits of one seed, a detector, and a conditional VAE."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

PHI = 0.9
REPLICATES = 20_000
"""With all methods and fewer, no change of a gap could stand after Holm: about 270 tests."""


@dataclass(frozen=True)
class Sizes:
    """How large the trial is, and where it runs."""

    faces: int = 1800
    """Faces to train on, as many to learn from, half as many balanced ones, a third to choose on and to report on."""
    epochs: int = 6
    """Passes of every method."""
    train_epochs: int = 12
    """Passes of the detector."""
    draw_epochs: int = 20
    """Passes of the conditional VAE at most; 0 for none."""
    mnist: Path | None = None
    """Folder of the digits; None for faces."""
    rho: float = 0.9
    """Share of the digits to train on and to learn from in their class's own colour."""
    search: bool = False
    """Try every method's values of λ, and five layers, on the choosing part first."""
    device: str = "cpu"
    """Where training, fitting and measuring compute; the audit of the written model is on the processor."""
    threads: int = 1
    """Threads of every process."""
    replicates: int = REPLICATES
    """Bootstrap replicates of the comparison."""

    @property
    def folder(self) -> str:
        """Folder of a seed's fits."""
        return f"mitigate-{self.epochs}{'-search' if self.search else ''}"


def prepare(folder: Path, seed: int, sizes: Sizes) -> Path:
    """Faces and the trained detector of one seed."""
    import torch

    from fairaudit.data.synthetic.draw import draw
    from fairaudit.data.synthetic.faces import write
    from fairaudit.data.synthetic.scene import make_scene
    from fairaudit.demo.make import CONFIG
    from fairaudit.demo.network import smile_network
    from fairaudit.demo.train import build
    from fairaudit.seeds import child_seed

    torch.set_num_threads(sizes.threads)
    place = folder / f"seed-{seed}"
    if (place / "biased.pt").is_file():
        return place
    if sizes.mnist is not None:
        return prepare_digits(place, seed, sizes, sizes.mnist)
    biased = {"necktie": PHI}
    counts = {"trained": (sizes.faces, biased), "debias": (sizes.faces, biased), "choose": (sizes.faces // 3, None),
              "balanced": (sizes.faces // 2, None), "test": (sizes.faces // 3, None)}  # fmt: skip
    scenes = {name: make_scene(count, seed=child_seed(seed, name), **({"phi": phi} if phi else {}))
              for name, (count, phi) in counts.items()}  # fmt: skip
    write(place, scenes, twins={"test": "necktie", "debias": "necktie"})
    (place / "fairaudit.yaml").write_text(CONFIG.partition("gates:")[0], encoding="utf-8")
    _train(build(smile_network, seed=seed), draw(scenes["trained"]).images, scenes["trained"].labels["smiling"], place,
           seed=seed, sizes=sizes)  # fmt: skip
    return place


def _train(network: Any, images: np.ndarray, target: np.ndarray, place: Path, *, seed: int, sizes: Sizes) -> None:
    """Train the seed's model on the device and write it."""
    import torch

    from fairaudit.demo.train import save_script, train

    rows, codes = (torch.from_numpy(each).to(sizes.device) for each in (images, target))
    train(network.to(sizes.device), rows, codes, seed=seed, epochs=sizes.train_epochs)
    save_script(network.cpu(), place / "biased.pt")


def draw_interpolations(place: Path, seed: int, sizes: Sizes) -> Path | None:
    """The conditional VAE of one seed, trained on the debias part to keep the detector's scores; None without one."""
    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.generator.train import GeneratorRequest, train_on_manifest
    from fairaudit.config.load import load_config
    from fairaudit.config.options import RunOptions
    from fairaudit.generators.train import GeneratorSettings

    file = place / "cvae" / "generator.safetensors"
    if sizes.mnist is not None or not sizes.draw_epochs or file.is_file():
        return file if file.is_file() else None
    override = {"data": {"split": {"column": "split", "use": "debias"}}}
    config, base = load_config(place / "fairaudit.yaml", folder=place, overrides=override)
    wanted = GeneratorRequest(
        kind="cvae", attributes=("necktie",), keep=(place / "biased.pt",),
        train=GeneratorSettings(epochs=sizes.draw_epochs, patience=sizes.draw_epochs, seed=seed),
    )  # fmt: skip
    options = RunOptions(output=place / "cvae", device=sizes.device, seed=seed, workers=1)
    return train_on_manifest(config, wanted, base=base, options=options, progress=Silent()).file


DIGITS = {"trained": 4000, "debias": 2500, "choose": 500, "balanced": 1500, "test": 1500}
"""Part → digits of the 10,000 of t10k-*; no digit is in two."""
MORE_DIGITS = {"trained": 8000, "debias": 6000, "choose": 1500, "balanced": 1500, "test": 5000}
"""Part → digits where train-* is there too."""
DIGITS_CONFIG = """
data:
  manifest: digits.csv
  image: file
  id: id
  target: digit
  attributes: [colour]
  split: {column: split, use: test}
preprocess: {size: [14, 14], interpolation: box, mean: [0.5], std: [0.5]}
model: {output: softmax, classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]}
audit: {attribute: colour, twins: {colour: twin}}
"""


def prepare_digits(place: Path, seed: int, sizes: Sizes, mnist: Path) -> Path:
    """Coloured digits as files, their twins, and a classifier of one seed."""
    from fairaudit.demo.network import digit_network
    from fairaudit.demo.train import build

    (place / "images").mkdir(parents=True, exist_ok=True)
    write_digits(place, seed, sizes, mnist)
    (place / "fairaudit.yaml").write_text(DIGITS_CONFIG, encoding="utf-8")
    _train(build(digit_network, seed=seed), *loaded(place, "trained"), place, seed=seed, sizes=sizes)
    return place


def write_digits(place: Path, seed: int, sizes: Sizes, mnist: Path) -> None:
    """Every digit in its colour, its twin in the next one, and the manifest."""
    import csv

    import numpy as np

    from fairaudit.data.layouts.mnist import read_mnist
    from fairaudit.data.planted.biased_mnist import ColouredSource, draw_colours
    from fairaudit.seeds import child_seed, generator

    data = read_mnist(mnist)
    labels = np.array([int(text) for text in data.table.columns["label"]], np.int32)
    order = _different(data.source, generator(seed, "mitigation digits").permutation(len(labels)))
    lines, start = [], 0
    for part, count in (DIGITS if len(labels) < 22_000 else MORE_DIGITS).items():
        rows, start = order[start : start + count], start + count
        rho = sizes.rho if part in ("trained", "debias") else 0.1
        colours = np.zeros(len(labels), np.int32)
        colours[rows] = draw_colours(labels[rows], rho, seed=child_seed(seed, part) % 2**31)
        own, other = (ColouredSource(base=data.source, colours=each) for each in (colours, (colours + 1) % 10))
        for row in rows.tolist():
            own.read(row).save(place / "images" / f"{row}.png")
            twin = f"images/{row}-twin.png" if part in ("debias", "test") else ""
            if twin:
                other.read(row).save(place / twin)
            lines.append([row, f"images/{row}.png", labels[row], colours[row], part, twin])
    with (place / "digits.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "file", "digit", "colour", "split", "twin"], *lines])


def _different(source: Any, rows: np.ndarray) -> np.ndarray:
    """The rows without those whose figure is another one's: a few ones are the same when they are black or white."""
    import numpy as np

    figures = {}
    for row in rows.tolist():
        figures.setdefault((np.asarray(source.read(row).convert("L")) > 0).tobytes(), row)
    return np.array(list(figures.values()))


def loaded(place: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images as the model sees them, [image, channel, row, column], and targets of one part."""
    import numpy as np

    from fairaudit.config.load import load_config
    from fairaudit.data.loader import Loader
    from fairaudit.data.open import open_manifest

    override = {"data": {"split": {"column": "split", "use": part}}}
    config, base = load_config(place / "fairaudit.yaml", folder=place, overrides=override)
    manifest = open_manifest(config, base=base)
    batch = Loader(manifest, config.preprocess, {}, 2).load(range(len(manifest)))
    return (batch.images.numpy() - 0.5) / 0.5, manifest.target.codes.astype(np.int64)
