"""The table of what opening a file can do, as fairaudit/models/README.md has it: every line of it is tried."""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

README = Path(__file__).parents[2] / "fairaudit" / "models" / "README.md"
COMMAND = ("fairness", "--dry-run", "-o", "out")
TRUST = "--trust-model"


class Evil:
    """Leaves a folder behind where it is unpickled."""

    def __init__(self, place):
        self.place = str(place)

    def __reduce__(self):
        return os.mkdir, (self.place,)


class Writes(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        written = torch.from_file("ran", True, 4).fill_(1.0)  # used, or the compiler leaves it out
        return x.flatten(1).sum(1, keepdim=True) - 250.0 * written[:1]


def table() -> dict[str, tuple[str, str]]:
    """First cell of every line → the other two."""
    text = README.read_text(encoding="utf-8").split("## What opening a file can do", 1)[1]
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert cells[0] == ["file", "what opening it does", "without `--trust-model`"]
    return {first: (second, third) for first, second, third in cells[1 : 1 + len(CASES)]}


def opens(lab, *arguments: str) -> None:
    done = lab.run(*arguments)
    assert done.code in (0, 3, 4, 5), (arguments, done.err)
    assert not ran(lab)


def ran(lab) -> bool:
    return (lab.folder / "ran").exists()


def refused(lab, *arguments: str, words: str = TRUST) -> None:
    lab.run(*arguments).refused(words)
    assert not ran(lab)


def factory(lab) -> None:
    """A module of the user's own beside the data; importing and calling it both leave a trace."""
    (lab.folder / "mine.py").write_text(
        "import pathlib, torch\npathlib.Path('imported').touch()\n"
        "def make():\n    pathlib.Path('called').touch()\n    return torch.nn.Sequential(torch.nn.Flatten(), "
        "torch.nn.Linear(768, 1))\n"
    )
    sys.modules.pop("mine", None)


def weights(lab, module: nn.Module, name: str) -> str:
    torch.save(module.state_dict(), lab.folder / name)
    return name


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(768, 1)).eval()


def resnet(lab) -> str:
    from torchvision.models import resnet18

    return weights(lab, resnet18(weights=None, num_classes=2).eval(), "resnet.pth")


def safetensors(lab):
    from safetensors.torch import save_file

    factory(lab)
    save_file(small().state_dict(), lab.folder / "w.safetensors")
    opens(lab, *COMMAND, "w.safetensors", "--arch", "mine:make")


def checkpoint(lab):
    import argparse

    factory(lab)
    state = small().state_dict()
    extra = {"args": argparse.Namespace(lr=0.1), "best": np.float64(0.5), "epoch": 3}
    torch.save({"state_dict": state, **extra}, lab.folder / "plain.pth")
    opens(lab, *COMMAND, "plain.pth", "--arch", "mine:make")
    torch.save({"state_dict": state, "more": Evil(lab.folder / "ran")}, lab.folder / "more.pth")
    refused(lab, *COMMAND, "more.pth", "--arch", "mine:make")
    assert lab.run(*COMMAND, "more.pth", "--arch", "mine:make", TRUST).code == 0
    assert ran(lab)


def onnx(lab):
    package = pytest.importorskip("onnx", reason="the extra onnx is not installed")
    helper = package.helper

    def write(weight):
        nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"], transB=1)]
        ends = [helper.make_tensor_value_info(name, 1, ["n", *rest]) for name, rest in (("x", [3, 16, 16]), ("y", [1]))]
        graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weight])
        content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        (lab.folder / "m.onnx").write_bytes(content.SerializeToString())

    values = np.linspace(-1, 1, 768, dtype=np.float32)[None]
    write(package.numpy_helper.from_array(values, "w"))
    opens(lab, *COMMAND, "m.onnx")
    (lab.folder / "beside.bin").write_bytes(values.tobytes())
    for place in ("beside.bin", "/etc/passwd", "../outside.bin", "link.bin"):
        weight = package.TensorProto(name="w", dims=[1, 768], data_type=1, data_location=1)
        for key, value in (("location", place), ("offset", "0"), ("length", str(768 * 4))):
            weight.external_data.add(key=key, value=value)
        write(weight)
        if place == "link.bin":
            (lab.folder / place).symlink_to("/etc/passwd")
        if place == "beside.bin":
            opens(lab, *COMMAND, "m.onnx")
        else:
            refused(lab, *COMMAND, "m.onnx", words="in a file that is not beside it")


def script(lab):
    opens(lab, *COMMAND, "model.pt")
    lab.save(Writes(), "writes.pt")
    refused(lab, *COMMAND, "writes.pt")
    assert lab.run(*COMMAND, "writes.pt", TRUST).code == 0
    assert ran(lab)


def pickled(lab):
    torch.save(small(), lab.folder / "whole.pt")
    refused(lab, *COMMAND, "whole.pt")
    opens(lab, *COMMAND, "whole.pt", TRUST)
    torch.save(Evil(lab.folder / "ran"), lab.folder / "evil.pt")
    refused(lab, *COMMAND, "evil.pt")


def exported(lab):
    batch = torch.export.Dim("batch", min=1, max=64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(small(), (torch.rand(4, 3, 16, 16),), dynamic_shapes=({0: batch},))
        torch.export.save(program, lab.folder / "program.pt2")
    refused(lab, *COMMAND, "program.pt2")
    opens(lab, *COMMAND, "program.pt2", TRUST)


def library(lab):
    file = resnet(lab)
    lab.configure(model={"output": "softmax", "arch": "torchvision:resnet18"})
    opens(lab, *COMMAND, file)
    for arguments in ("weights='DEFAULT'", "weights='IMAGENET1K_V1'", "pretrained=True"):
        lab.configure(model={"arch": f"torchvision:resnet18({arguments})"})
        refused(lab, *COMMAND, file, words="fetches weights from elsewhere")


def own(lab):
    factory(lab)
    file = weights(lab, small(), "w.pth")
    lab.configure(model={"arch": "mine:make"})
    refused(lab, *COMMAND, file)
    assert not (lab.folder / "imported").exists()
    opens(lab, *COMMAND, file, TRUST)
    opens(lab, *COMMAND, file, "--arch", "mine:make")
    for arch in ("subprocess:getoutput(cmd='mkdir ran')", "os:mkdir(path='ran')", "torch:load(f='w.pth')"):
        refused(lab, *COMMAND, file, "--arch", arch, words="arch")


def yaml_file(lab):
    path = lab.folder / "fairaudit.yaml"
    whole = path.read_text()
    for tag in ("!!python/object/apply:os.mkdir [ran]", "!!python/name:os.mkdir ''", "!!python/module:mine ''"):
        path.write_text(f"{whole}\nz: {tag}\n")
        refused(lab, *COMMAND, "model.pt", words="not valid YAML")
    path.write_text(whole)
    opens(lab, *COMMAND, "model.pt")


def numbers(lab):
    np.save(lab.folder / "evil.npy", np.array([Evil(lab.folder / "ran")], dtype=object), allow_pickle=True)
    refused(lab, "roi-metrics", "--maps", "evil.npy", "--region-box", "tie=1,1,4,4", words="evil.npy")
    torch.save(Evil(lab.folder / "ran"), lab.folder / "faces" / "00000.png")
    torch.save(Evil(lab.folder / "ran"), lab.folder / "faces.parquet")
    refused(lab, *COMMAND, "model.pt", "--data", "faces.parquet", words="faces.parquet")
    done = lab.run("fairness", "model.pt", "-o", "out", "--max-excluded", "1", "--json")
    assert [row["id"] for row in done.report()["excluded"]] == ["r0"]
    assert not ran(lab)
    again = ("fairness", "model.pt", "-o", "out", "--max-excluded", "1")
    theirs, ours = (lab.run(*again, quiet=False).err for _ in other_user())
    assert "from an earlier run" in ours
    assert "from an earlier run" not in theirs


def other_user():
    """First with the secret of another user or machine, then with one's own."""
    before = os.environ.get("FAIRAUDIT_STORE_KEY")
    os.environ["FAIRAUDIT_STORE_KEY"] = "somebody else's"
    yield
    os.environ.pop("FAIRAUDIT_STORE_KEY")
    if before is not None:
        os.environ["FAIRAUDIT_STORE_KEY"] = before
    yield


CASES = {
    "safetensors": (safetensors, "opens"),
    "checkpoint of `torch.save`": (checkpoint, "opens; anything more is refused"),
    "ONNX": (onnx, "opens"),
    "TorchScript archive": (script, "opens where no spelling of a file operation is in its code"),
    "pickled `nn.Module`": (pickled, "refused"),
    "exported program (`.pt2`)": (exported, "refused"),
    "architecture `torchvision:NAME`, `timm:NAME`": (library, "opens, from a configuration file too"),
    "architecture `package.module:factory`": (own, "on the command line only; from a configuration file it is refused"),
    "fairaudit.yaml": (yaml_file, "opens"),
    "tables, images, maps, report.json, run stores": (numbers, "opens"),
}


def test_the_table_has_these_lines_and_no_other():
    found = table()
    assert list(found) == list(CASES)
    for name, (_, words) in CASES.items():
        assert found[name][1].startswith(words), name
    text = README.read_text(encoding="utf-8").split("## What opening a file can do", 1)[1].split("##")[0]
    assert len(re.findall(r"^\| (?!---)", text, re.M)) == len(CASES) + 1


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
def test_every_line_is_what_the_command_line_does(lab, name, monkeypatch):
    monkeypatch.syspath_prepend(str(lab.folder.parent))  # so that the working folder is not what is found first
    CASES[name][0](lab)
