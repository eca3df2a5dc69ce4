"""ONNX files of torch's two exporters: opened, equal to the network, lifted, explained.

    python tests/benchmarks/onnx_files.py [NAME ...] [--size 64]

Random weights with settled batch norm, nothing is downloaded. For every network and exporter: whether the file opens
(which includes the proof against onnxruntime or onnx.reference), the largest difference of an output from torch's own
relative to the largest output, the lift's deviation, and what may explain it.
"""

import argparse
import contextlib
import io
import logging
import tempfile
import time
import warnings
from pathlib import Path

import torch
from torch import nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import FairauditError
from fairaudit.models.open import open_model
from fairaudit.models.validity import methods_for

NETS = (
    "torchvision:resnet18",
    "torchvision:densenet121",
    "torchvision:mobilenet_v2",
    "torchvision:mobilenet_v3_small",
    "torchvision:efficientnet_b0",
    "torchvision:squeezenet1_1",
    "torchvision:shufflenet_v2_x1_0",
    "torchvision:regnet_y_400mf",
    "torchvision:convnext_tiny",
    "torchvision:swin_t",
    "timm:vit_tiny_patch16_224",
    "timm:convnext_atto",
    "timm:seresnext26t_32x4d",
    "timm:ghostnet_100",
)


def made(name: str, size: int) -> nn.Module:
    """The network with two classes, random weights and settled batch norm."""
    source, _, own = name.partition(":")
    torch.manual_seed(0)
    if source == "timm":
        import timm

        more = {"img_size": size} if own.startswith("vit") else {}
        net = timm.create_model(own, pretrained=False, num_classes=2, **more)
    else:
        from torchvision.models import get_model

        net = get_model(own, weights=None, num_classes=2)
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(8, 3, size, size))
    return net.eval()


def exported(net: nn.Module, path: Path, *, dynamo: bool, size: int) -> None:
    """Write the network with a free batch."""
    example = torch.rand(2, 3, size, size)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if dynamo:
            shapes = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(net, (example,), str(path), dynamo=True, dynamic_shapes=shapes, verbose=False)
        else:
            axes = {"images": {0: "batch"}}
            torch.onnx.export(net, (example,), str(path), dynamo=False, input_names=["images"], dynamic_axes=axes)


def row(name: str, net: nn.Module, folder: Path, *, dynamo: bool, size: int) -> str:
    """One line of the table."""
    path = folder / "model.onnx"
    kind = "dynamo" if dynamo else "legacy"
    try:
        exported(net, path, dynamo=dynamo, size=size)
    except Exception as error:
        return f"| {name} | {kind} | exporter fails: {type(error).__name__} | | | | |"
    start = time.perf_counter()
    images = torch.rand(4, 3, size, size)
    try:
        model = open_model(path, config=ModelConfig(), preprocess=PreprocessConfig(size=(size, size)))
        seconds = time.perf_counter() - start
        with torch.no_grad():
            wanted, found = net(images), model.logits(images)
        difference = float((wanted - found).abs().max() / wanted.abs().max())
        lifted = model.lifted(images)
        reasons = methods_for(lifted, model.normalise(images[:1]))
    except FairauditError as error:
        return f"| {name} | {kind} | {error.problem}: {error.found} | | | | |"
    may = ", ".join(family for family, reason in reasons.items() if reason is None)
    return f"| {name} | {kind} | yes | {difference:.1e} | {lifted.deviation:.1e} | {may} | {seconds:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NETS)
    parser.add_argument("--size", type=int, default=64)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print("| network | exporter | opens | difference from torch | lift | explained by | seconds to open |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in given.names:
        net = made(name, given.size)
        for dynamo in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                print(row(name, net, Path(folder), dynamo=dynamo, size=given.size), flush=True)


if __name__ == "__main__":
    main()
