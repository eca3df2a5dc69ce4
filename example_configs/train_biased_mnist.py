"""Train a classifier of digits that uses the background's colour, for `biased_mnist.yaml`.

    python example_configs/train_biased_mnist.py --mnist MNIST
    fairaudit audit example_configs/biased_mnist/biased_mnist.pt --config example_configs/biased_mnist.yaml

Only MNIST's 10,000 test digits are needed (t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or gzip). The model
is trained on 8,000 of them; in a share ρ of the images the background has the colour of the class. The other 2,000 are
kept for audits. The split is written into the output folder, so that no audit uses a digit of the training.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fairaudit.demo.biased_mnist import make_biased_mnist
from fairaudit.errors import ExitCode, FairauditError


def main(arguments: list[str] | None = None) -> int:
    """Read the options, train, and say where the files are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, required=True, metavar="FOLDER", help="folder with MNIST's IDX files")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).parent / "biased_mnist",
        metavar="FOLDER",
        help="where the model and the digits go (default: biased_mnist beside this script)",
    )
    parser.add_argument("--rho", type=float, default=0.95, help="share of images in their class's own colour")
    parser.add_argument("--epochs", type=int, default=20, help="passes over the training digits")
    parser.add_argument("--seed", type=int, default=0, help="seed of split, colours and training")
    options = parser.parse_args(arguments)
    try:
        paths = make_biased_mnist(
            options.mnist, options.out, rho=options.rho, epochs=options.epochs, seed=options.seed, progress=_progress
        )
    except FairauditError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.BAD_INPUT
    sys.stdout.write(f"model: {paths.model}\nthe same for 28 x 28 pixels: {paths.whole}\ndigits: {paths.digits}\n")
    return ExitCode.PASS


def _progress(done: int, total: int) -> None:
    if done == total or done % 80 == 0:
        sys.stderr.write(f"step {done} of {total}\n")


if __name__ == "__main__":
    sys.exit(main())
