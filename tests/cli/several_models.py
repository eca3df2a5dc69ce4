"""Several small models in a folder, one that ends its process, and what is compared of two runs over them."""

import json

import torch

GATE = [{"metric": "equalized_odds_difference", "attribute": "group", "max": 1e-9}]
FAST = ("--format", "csv")
DEADLY = """
import os
import signal

import torch


class Deadly(torch.nn.Module):
    def forward(self, images):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def files(folder):
    """Bytes of every file that is a result, reports without the facts of their run."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.name == "report.json":
            found[name] = json.dumps({**json.loads(path.read_text(encoding="utf-8")), "run": None}).encode()
        elif path.is_file() and not path.name.startswith("run.sqlite"):
            found[name] = path.read_bytes()
    return found


def write_models(lab, count):
    """Models zoo/m0.pt and so on, of weights that differ a little."""
    (lab.folder / "zoo").mkdir()
    for number in range(count):
        network, draw = lab.network(), torch.Generator().manual_seed(number)
        with torch.no_grad():
            for weights in network.parameters():
                weights += 0.01 * torch.randn(weights.shape, generator=draw)
        lab.save(network, f"zoo/m{number}.pt")


def make_zoo(lab, count):
    write_models(lab, count)
    (lab.folder / "zoo" / "broken.pt").write_bytes(b"no model")
    lab.configure(gates=GATE)
