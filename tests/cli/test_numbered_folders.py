"""Class folders called 1 to 12 and a model in torchvision's order (1, 10, 11, 12, 2 …): the right accuracy."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

NAMES = sorted(str(number) for number in range(1, 13))


class Steps(nn.Module):
    """Twelve logits, the largest of which is that of the nearest of twelve greys."""

    def forward(self, images):
        grey = images.mean((1, 2, 3))[:, None] * 255
        return -((grey - 20.0 * torch.arange(12)[None]) ** 2) / 50.0


@pytest.fixture
def folders(lab):
    """Four grey pictures a class; the class that is k-th in torchvision's order is 20 k bright."""
    lines = ["file,group"]
    for code, name in enumerate(NAMES):
        place = lab.folder / "images" / name
        place.mkdir(parents=True)
        for number in range(4):
            Image.fromarray(np.full((16, 16, 3), 20 * code, np.uint8)).save(place / f"{number}.png")
            lines.append(f"{name}/{number}.png,{'ab'[number % 2]}")
    (lab.folder / "images" / "metadata.csv").write_text("\n".join(lines) + "\n")
    lab.save(Steps().eval(), "steps.pt")
    return lab


def accuracies(ran):
    assert ran.code == 0, ran.err
    report = ran.report()
    found = {m["group"]: m["value"] for m in report["measurements"] if m["metric"] == "accuracy" and m["class"] is None}
    return found, report["notes"]


def test_the_folders_order_is_torchvisions(folders):
    lines = ["data: {manifest: images, attributes: [group]}", "preprocess: {size: [16, 16]}"]
    (folders.folder / "numbered.yaml").write_text("\n".join(lines) + "\n")
    run = ("fairness", "steps.pt", "--config", "numbered.yaml", "--fail-on", "never", "--json")
    found, notes = accuracies(folders.run(*run))
    assert found == {"a": 1.0, "b": 1.0}
    assert any("order 1, 10, 11, 12, 2" in note for note in notes)
    # In the order of the numbers the same model is right about class 1 alone: 1 of 12.
    classes = ",".join(str(number) for number in range(1, 13))
    other, _ = accuracies(folders.run(*run, "--classes", classes, "-o", "other"))
    assert other["a"] == pytest.approx(1 / 12)
