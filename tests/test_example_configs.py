"""Every example configuration is run on a small folder of the layout that it is for (Biased-MNIST: tests/audits)."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from fairaudit.cli.main import app

CONFIGS = Path(__file__).parents[1] / "example_configs"
ELSEWHERE = {
    "biased_mnist.yaml": "tests/audits/test_biased_mnist.py",
    "biased_mnist_alignment.yaml": "tests/demo/test_biased_mnist.py",
}
ROWS = 48


def pictures(folder, names, size):
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    for name in names:
        Image.fromarray(draw.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / name)


def celeba(folder):
    names = [f"{number:06d}.jpg" for number in range(ROWS)]
    pictures(folder / "CelebA" / "img_align_celeba", names, (218, 178))
    lines = [f"{name} {1 if n % 2 else -1} {1 if n // 2 % 2 else -1}" for n, name in enumerate(names)]
    text = "\n".join([str(ROWS), "Smiling Wearing_Necktie", *lines])
    (folder / "CelebA" / "list_attr_celeba.txt").write_text(text + "\n")
    (folder / "CelebA" / "list_eval_partition.txt").write_text("".join(f"{name} 2\n" for name in names))
    points = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
    places = "69 109 106 113 77 142 73 152 108 154"
    marks = "\n".join([str(ROWS), points, *(f"{name} {places}" for name in names)])
    (folder / "CelebA" / "list_landmarks_align_celeba.txt").write_text(marks + "\n")


def waterbirds(folder):
    names = [f"bird{number}.jpg" for number in range(ROWS)]
    pictures(folder / "waterbirds", names, (40, 50))
    rows = [f"{name},{n % 2},{n // 2 % 2},2" for n, name in enumerate(names)]
    (folder / "waterbirds" / "metadata.csv").write_text("\n".join(["img_filename,y,place,split", *rows]) + "\n")


def edited(folder):
    names = [f"{n}{end}.png" for n in range(ROWS) for end in ("", "e")]
    pictures(folder / "photos", names, (64, 64))
    rows = [f"{n}.png,{f'{n}e.png' if n % 3 else ''},{n % 2},{n // 2 % 2},test" for n in range(ROWS)]
    (folder / "photos" / "photos.csv").write_text("\n".join(["file,edited,smiling,glasses,split", *rows]) + "\n")


pytestmark = pytest.mark.slow

CASES = {
    "celeba_necktie.yaml": (celeba, "audit"),
    "waterbirds.yaml": (waterbirds, "fairness"),
    "twins.yaml": (edited, "audit"),
}


def test_every_configuration_has_a_run():
    assert {path.name for path in CONFIGS.glob("*.yaml")} == {*CASES, *ELSEWHERE}


@pytest.mark.parametrize("name", CASES)
def test_the_configuration_runs(name, tmp_path, monkeypatch):
    make, command = CASES[name]
    make(tmp_path)
    shutil.copy(CONFIGS / name, tmp_path)
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(network.eval()).save(str(tmp_path / "model.pt"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [command, "model.pt", "-c", name, "-q", "--fail-on", "never", "-o", "out"])
    assert done.exit_code == 0, done.output + done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["data"]["scored"] == ROWS
    assert report["gate"]["rules"]
    assert all(rule["state"] in ("pass", "fail", "inconclusive") for rule in report["gate"]["rules"])
