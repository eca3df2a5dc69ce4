"""Biased-MNIST from the user's own digits: train a classifier on coloured digits, keep others for the audit.

Digits are split once, by a seeded rule, and written as two pairs of IDX files, so that a digit that a model
was trained on can never be audited. The background's colour is planted when a configuration is opened.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from fairaudit.config.schema import Bias, Config, DataConfig, Layout, PreprocessConfig, Split
from fairaudit.data.layouts.mnist import read_mnist
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.data.source import ArraySource
from fairaudit.demo.network import digit_network
from fairaudit.demo.train import build, save_script, train
from fairaudit.errors import DataError, OutputError
from fairaudit.seeds import generator

PREPROCESS = PreprocessConfig(size=(14, 14), interpolation="box", mean=(0.5,), std=(0.5,))
"""What the network is trained with; the audit's configuration has to say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasedMnistPaths:
    """Paths of the files."""

    digits: Path
    """Folder in MNIST's layout: train-* are the digits the model saw, t10k-* those kept for audits."""
    model: Path
    """The classifier of 14 × 14 pixels, as TorchScript."""
    whole: Path
    """The same with the pooling inside, for 28 × 28 pixels, which generators need at least."""


def make_biased_mnist(
    mnist: Path,
    out: Path,
    *,
    rho: float = 0.95,
    held_out: int = 2000,
    epochs: int = 20,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> BiasedMnistPaths:
    """Split the digits, train a small CNN on coloured ones, and write both.

    Args:
        mnist: folder with t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or gzip; train-* is not needed.
        out: folder to write into; it is made if need be.
        rho: share of the training digits that have their class's own colour.
        held_out: digits that are kept for audits.
        epochs: passes over the training digits.
        seed: seed of split, colours and training.
        progress: called with the steps done and the steps in all.

    Raises:
        DataError: the folder has no such digits, or too few.
        OutputError: a file cannot be written.
    """
    paths = BiasedMnistPaths(digits=out / "digits", model=out / "biased_mnist.pt", whole=out / "biased_mnist_28.pt")
    split_digits(mnist, paths.digits, held_out=held_out, seed=seed)
    manifest = open_manifest(_training(rho), base=out, seed=seed)
    batch = Loader(manifest, PREPROCESS, {}, workers=2).load(range(len(manifest)))
    mean, std = PREPROCESS.mean[0], PREPROCESS.std[0]
    network = build(digit_network, seed=seed)
    images, target = (batch.images - mean) / std, torch.from_numpy(batch.target.astype(np.int64))
    train(network, images, target, seed=seed, epochs=epochs, batch_size=100, rate=3e-3, progress=progress)
    save_script(network, paths.model)
    save_script(nn.Sequential(nn.AvgPool2d(2), network), paths.whole)
    return paths


def split_digits(mnist: Path, out: Path, *, held_out: int, seed: int) -> None:
    """Copy the test digits of an MNIST folder into another one: a seeded part as t10k-*, the others as train-*.

    Raises:
        DataError: the folder has no test digits, or not more than are held out.
        OutputError: a file cannot be written.
    """
    dataset = read_mnist(mnist)
    rows = np.flatnonzero(np.asarray(dataset.table.columns["split"]) == "test")
    if not 0 < held_out < len(rows) or not isinstance(dataset.source, ArraySource):
        raise DataError(
            "There are too few test digits to hold some out",
            wanted=f"more than {held_out} digits in t10k-images-idx3-ubyte, and at least one held out",
            found=str(len(rows)),
            where=str(mnist),
        )
    images = dataset.source.images[rows]
    labels = np.asarray(dataset.table.columns["label"])[rows].astype(np.uint8)
    order = generator(seed, "held-out digits").permutation(len(rows))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for prefix, chosen in (("t10k", np.sort(order[:held_out])), ("train", np.sort(order[held_out:]))):
            _write_idx(out / f"{prefix}-images-idx3-ubyte.gz", images[chosen])
            _write_idx(out / f"{prefix}-labels-idx1-ubyte.gz", labels[chosen])
    except OSError as error:
        raise OutputError("The digits cannot be written.", where=str(out), found=str(error)) from error


def _training(rho: float) -> Config:
    return Config(
        data=DataConfig(
            manifest=Layout(layout="mnist", root="digits"),
            split=Split(column="split", use="train"),
            bias=Bias(rho=rho),
        )
    )


def _write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    header = bytes((0, 0, 8, values.ndim)) + np.asarray(values.shape, dtype=">u4").tobytes()
    # No time in the gzip header: the same digits are the same bytes.
    path.write_bytes(gzip.compress(header + values.tobytes(), compresslevel=6, mtime=0))
