import gzip
import importlib.util
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from fairaudit.cli.main import app
from fairaudit.config.schema import Config
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.demo.biased_mnist import PREPROCESS, make_biased_mnist, split_digits
from fairaudit.errors import DataError, OutputError

EXAMPLES = Path(__file__).parents[2] / "example_configs"


def idx(values):
    """An IDX file as its specification says, written without the code under test."""
    header = struct.pack(">HBB", 0, 8, values.ndim) + b"".join(struct.pack(">I", size) for size in values.shape)
    return header + values.tobytes()


def read(path, dimensions):
    content = gzip.decompress(path.read_bytes())
    shape = struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])
    return np.frombuffer(content[4 + 4 * dimensions :], np.uint8).reshape(shape)


def bars(folder, count):
    """A folder with bars at heights that tell their class, and nothing else that does."""
    rng = np.random.default_rng(0)
    labels = np.arange(count, dtype=np.uint8) % 10
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 3 : 2 * label + 6, 5:23] = rng.integers(1, 256, (3, 18))
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(images))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return bars(tmp_path_factory.mktemp("mnist"), 200)


def test_split_uses_every_digit_once(digits, tmp_path):
    split_digits(digits, tmp_path, held_out=60, seed=0)
    images, labels = {}, {}
    for prefix in ("train", "t10k"):
        images[prefix] = read(tmp_path / f"{prefix}-images-idx3-ubyte.gz", 3)
        labels[prefix] = read(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", 1)
    assert [len(images[prefix]) for prefix in ("train", "t10k")] == [140, 60]
    whole = np.frombuffer((digits / "t10k-images-idx3-ubyte").read_bytes()[16:], np.uint8).reshape(200, 28, 28)
    codes = np.frombuffer((digits / "t10k-labels-idx1-ubyte").read_bytes()[8:], np.uint8)
    before = sorted((image.tobytes(), int(code)) for image, code in zip(whole, codes, strict=True))
    after = sorted(
        (image.tobytes(), int(code))
        for prefix in images
        for image, code in zip(images[prefix], labels[prefix], strict=True)
    )
    assert after == before
    assert len(set(before)) == 200


def test_split_is_seeded(digits, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        split_digits(digits, tmp_path / name, held_out=60, seed=seed)
    held_out = [(tmp_path / name / "t10k-images-idx3-ubyte.gz").read_bytes() for name in "abc"]
    assert held_out[0] == held_out[1] != held_out[2]


@pytest.mark.parametrize("held_out", [0, 200])
def test_too_few_digits(digits, tmp_path, held_out):
    with pytest.raises(DataError, match="too few test digits"):
        split_digits(digits, tmp_path, held_out=held_out, seed=0)


def test_a_folder_that_cannot_be_made(digits, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        split_digits(digits, tmp_path / "file", held_out=60, seed=0)


def test_a_model_and_digits_come_out(digits, tmp_path):
    steps = []
    paths = make_biased_mnist(
        digits, tmp_path, held_out=60, rho=0.5, epochs=2, progress=lambda *step: steps.append(step)
    )
    assert steps == [(1, 2), (2, 2)]
    assert torch.jit.load(paths.model)(torch.rand(2, 3, 14, 14)).shape == (2, 10)
    config = example(paths.digits)
    manifest = open_manifest(config, base=tmp_path)
    assert len(manifest.ids) == 60
    batch = Loader(manifest, config.preprocess, config.regions, 0).load(range(60))
    assert batch.images.shape == (60, 3, 14, 14)
    assert torch.equal(batch.regions["background"], ~batch.regions["figure"])


def test_the_example_preprocesses_as_the_training_did():
    assert example(Path("digits")).preprocess == PREPROCESS


def example(digits):
    content = yaml.safe_load((EXAMPLES / "biased_mnist.yaml").read_text())
    content["data"]["manifest"]["root"] = str(digits)
    return Config.model_validate(content)


def script():
    spec = importlib.util.spec_from_file_location("train_biased_mnist", EXAMPLES / "train_biased_mnist.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_says_what_is_wrong(tmp_path, capsys):
    assert script().main(["--mnist", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "MNIST" in err


@pytest.mark.slow
@pytest.mark.parametrize("trained", [True, False], ids=["trained now", "as trained once"])
def test_the_script_trains_a_model_that_reads_colours(biased_mnist, mnist_folder, tmp_path, capsys, trained):
    """With a fifth of the epochs; and the network that the other tests are given."""
    folder = tmp_path if trained else biased_mnist
    if trained:
        assert script().main(["--mnist", str(mnist_folder), "--out", str(folder), "--epochs", "4"]) == 0
        assert capsys.readouterr().out.splitlines()[0] == f"model: {folder / 'biased_mnist.pt'}"
    config = example(folder / "digits")
    manifest = open_manifest(config, base=folder)
    batch = Loader(manifest, config.preprocess, {}, 0).load(range(len(manifest)))
    with torch.no_grad():
        decided = torch.jit.load(folder / "biased_mnist.pt")((batch.images - 0.5) / 0.5).argmax(1).numpy()
    colour = batch.attributes["colour"]
    aligned = colour == batch.target
    assert len(aligned) == 2000
    assert (decided == batch.target)[aligned].mean() >= 0.95
    assert (decided == batch.target)[~aligned].mean() <= 0.85
    # A model without the shortcut names the colour's class only in a ninth of its errors.
    assert (decided == colour)[~aligned].mean() >= 0.4 * (decided != batch.target)[~aligned].mean()


def test_the_model_for_whole_digits_is_the_same_model(digits, tmp_path):
    paths = make_biased_mnist(digits, tmp_path, held_out=60, epochs=1)
    small, whole = (torch.jit.load(str(path)).eval() for path in (paths.model, paths.whole))
    images = torch.rand(5, 3, 28, 28)
    with torch.no_grad():
        pooled = images.unflatten(2, (14, 2)).unflatten(4, (14, 2)).mean((3, 5))
        torch.testing.assert_close(whole(images), small(pooled))


@pytest.mark.slow
def test_the_alignment_configuration_runs(tmp_path, monkeypatch):
    make_biased_mnist(bars(tmp_path, 700), tmp_path / "biased_mnist", held_out=100, epochs=4)
    (tmp_path / "c.yaml").write_text((EXAMPLES / "biased_mnist_alignment.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    model, made = "biased_mnist/biased_mnist_28.pt", "biased_mnist/generator/generator.safetensors"
    common = ["-c", "c.yaml", "-q"]
    train = ["generator", "train", *common, "--split", "split=train", "--epochs", "1", "--keep", model]
    done = CliRunner().invoke(app, [*train, "-o", "biased_mnist/generator"])
    assert done.exit_code == 0, done.output
    align = ["cf-align", model, *common, "--generator", made, "--base", "all", "--train-probe", "colour"]
    done = CliRunner().invoke(app, [*align, "--probe-split", "train", "--pixel-limit", "0", "-o", "out"])
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    pairs = {(m["class"], m["attribute"]) for m in report["measurements"] if m["metric"] == "relative_change"}
    assert {(str(digit), f"colour={digit}") for digit in range(10)} <= pairs
