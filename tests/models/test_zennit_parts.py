"""What commands wait for: neither zennit nor an image loads torchvision, and zennit is whole for whoever wants it."""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn
from torchvision.ops import roi_align

import fairaudit

PACKAGE = Path(fairaudit.__file__).parent


def told(code: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_zennit_comes_from_one_place():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "zennit" in text else ():
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] == "zennit" for name in names):
                assert path.name == "zennit_parts.py", f"{path} imports zennit itself"


class Pooled(nn.Module):
    def forward(self, x):
        return roi_align(x, [torch.tensor([[0.0, 0.0, 4.0, 4.0]])] * 2, [1, 1]).flatten(1)


def test_an_audit_loads_no_torchvision_and_no_compiler_until_they_are_asked_for(tmp_path):
    """In one process: what an audit loads, an archive with torchvision's operations, and the rest of zennit."""
    path = tmp_path / "pooled.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(Pooled(), torch.ones(2, 3, 8, 8)).save(path)
    code = f"""
import sys, fairaudit.audits.joint.verdict, fairaudit.audits.core.run
before = set(sys.modules)
import torch; from pathlib import Path; from fairaudit.models.files.formats import load_script
print("torchvision" in sys.modules)
loaded = load_script(Path({str(path)!r}), device=torch.device("cpu"), trust=True)
print(*loaded.module(torch.ones(2, 3, 8, 8)).shape)
import zennit
from zennit.composites import EpsilonPlusFlat
print(zennit.torchvision.ResNetCanonizer.__name__)
from zennit.torchvision import VGGCanonizer
print(VGGCanonizer.__name__, hasattr(zennit, "nothing"), *before)
"""
    there, *answers = told(code)
    loaded = set(answers[5:])
    assert answers[:5] == ["2", "3", "ResNetCanonizer", "VGGCanonizer", "False"]
    unwanted = {"scipy.stats", "matplotlib"}
    if version("zennit").startswith("0."):  # from 1.0 on zennit's types import torchvision themselves
        assert there == "False"
        unwanted |= {"torchvision", "torch._dynamo"}
    assert not unwanted & loaded
