"""The Biased-MNIST benchmark script in a tiny form: both protocols, one colour and two, on digits made here."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairaudit.pruning import probe

SCRIPT = Path(__file__).parent / "benchmarks" / "biased_mnist.py"


@pytest.fixture(scope="module")
def benchmark(script):
    return script(SCRIPT)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """300 pictures to train and 300 to test, each with a pattern of its own at a place that tells the class."""
    folder = tmp_path_factory.mktemp("digits")
    draw = np.random.default_rng(0)
    for prefix in ("train", "t10k"):
        labels = draw.permutation(np.arange(300) % 10).astype(np.uint8)
        images = np.zeros((300, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 + 12 * (label // 5) :, 1 + 5 * (label % 5) :][:10, :5] = 200 * draw.integers(0, 2, (10, 5))
        for name, values in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes((0, 0, 8, values.ndim)) + np.asarray(values.shape, ">u4").tobytes()
            (folder / f"{prefix}-{name}-ubyte.gz").write_bytes(gzip.compress(header + values.tobytes()))
    return folder


@pytest.fixture
def tiny(benchmark, monkeypatch):
    """The protocols with few digits, short searches and readers of few steps; the paper's network on few pixels."""
    monkeypatch.setattr(probe, "EPOCHS", 2)
    monkeypatch.setattr(probe, "STEPS", 2)
    found = {}
    for name, protocol in benchmark.PROTOCOLS.items():
        brief = replace(protocol.settings, levels=1, head_epochs=1)
        side = 8 if name == "full" else protocol.side  # the MLP of the other has its inputs counted
        found[name] = replace(protocol, side=side, sizes=(60, 40, 30, 40), epochs=1, settings=brief)
    return found


@pytest.mark.parametrize(
    ("protocol", "seeds", "extra", "columns"),
    [
        ("small", 2, (), ["task", "aligned", "conflicting", "bias linear", "bias mlp", "sparsity"]),
        ("full", 1, (), ["task", "aligned", "conflicting", "bias linear", "bias mlp", "sparsity"]),
        ("small", 1, ("--rho-right", "0.9"), ["aligned & conflicting", "conflicting & conflicting", "bias 2 mlp"]),
    ],
)
def test_every_model_is_measured_for_every_seed(
    benchmark, tiny, digits, tmp_path, capsys, protocol, seeds, extra, columns
):
    file = tmp_path / "seeds.json"
    arguments = ["--mnist", str(digits), "--protocol", protocol, "--seeds", str(seeds), "--epochs", "1"]
    arguments += ["--control-epochs", "1", "--json", str(file), *extra]
    assert benchmark.main(arguments, protocols=tiny) == 0
    found = json.loads(file.read_text())
    assert len(found) == seeds
    assert len(found[0]) == 8
    assert set(columns) <= set(found[0]["γ = 10"])
    for row in found[0].values():
        assert all(np.isnan(value) or 0 <= value <= 100 for value in row.values())
    assert found[0]["magnitude, same size"]["sparsity"] == found[0]["γ = 10"]["sparsity"]
    table = capsys.readouterr().out
    assert "| γ = 0 |" in table
    assert ("paper, γ = 10" in table) == (not extra)


def test_masks_of_early_passes_and_magnitudes(benchmark, tiny, digits, tmp_path, monkeypatch):
    file, protocols = tmp_path / "seeds.json", {"small": replace(tiny["small"], epochs=2)}
    monkeypatch.chdir(digits.parent)  # a folder that is named from where one stands
    arguments = ["--mnist", digits.name, "--seeds", "1", "--epochs", "1", "--control-epochs", "1", "--json", str(file)]
    assert benchmark.main([*arguments, "--at-epoch", "1", "2", "--magnitude", "50", "97.5"], protocols=protocols) == 0
    (found,) = json.loads(file.read_text())
    assert {"unpruned, pass 1", "γ = 10, pass 1"} <= set(found)
    assert "unpruned, pass 2" not in found  # that is the model itself
    for percent in (50, 97.5):
        assert found[f"magnitude {percent:g} %"]["sparsity"] == pytest.approx(percent, abs=0.1)


def test_no_digit_is_in_two_parts_of_the_small_protocol(benchmark, tiny, digits):
    options = benchmark.argparse.Namespace(mnist=digits, protocol="small", rho=0.99, rho_right=None, device="cpu")
    parts = benchmark.parts(options, replace(tiny["small"], side=28), 0)
    # The figure alone is white, so that its pixels tell the digit whatever the background.
    seen = [{(image > 0.99).all(0).numpy().tobytes() for image in part.images} for part in parts]
    assert [len(digits) for digits in seen] == [60, 40, 30, 40]
    assert all(not first & second for number, first in enumerate(seen) for second in seen[number + 1 :])
    aligned = [(part.biases[0] == part.target).double().mean().item() for part in parts]
    assert aligned[0] > 0.8
    assert all(share < 0.3 for share in aligned[1:])


def test_digits_that_are_not_there_are_told_before_anything_begins(benchmark, digits, tmp_path, capsys):
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (tmp_path / name).write_bytes((digits / name).read_bytes())
    assert benchmark.missing(tmp_path, "digits") == benchmark.missing(digits, "full") == ""
    assert benchmark.main(["--mnist", str(tmp_path), "--protocol", "full"]) == 2
    said = capsys.readouterr().err
    assert "train-images-idx3-ubyte, train-labels-idx1-ubyte" in said
    assert "--protocol digits" in said


def test_mean_and_deviation_by_hand(benchmark):
    assert benchmark.cell([1.0, 2.0, 3.0]) == "2.0 ± 1.0"
    assert benchmark.cell([1.0]) == "1.0"
    assert benchmark.cell([None, float("nan")]) == ""


def test_nothing_is_begun_after_the_time_limit(benchmark, tiny, digits, tmp_path, capsys):
    file = tmp_path / "seeds.json"
    arguments = ["--mnist", str(digits), "--seeds", "1", "--minutes", "0", "--json", str(file)]
    assert benchmark.main(arguments, protocols=tiny) == 0
    assert not file.exists()
    said = capsys.readouterr().err
    assert said.count("not begun after 0 minutes") == 6  # no mask, so none of its size
    assert "seed 0: γ = 10: not begun" in said
