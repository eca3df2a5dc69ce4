"""Small networks of three modern families for the demo's faces, with one logit: a smile."""

from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.models.vision_transformer import VisionTransformer

from fairaudit.models.lift.lift import Lifted, lift

FOLDER = Path(__file__).parent / "planted"


def vit() -> nn.Module:
    network = VisionTransformer(64, 8, 4, 4, 64, 128, num_classes=1)
    nn.init.normal_(network.heads.head.weight, 0, 0.02)
    return network


def convnext() -> nn.Module:
    blocks = [CNBlockConfig(24, 48, 2), CNBlockConfig(48, 96, 2), CNBlockConfig(96, None, 1)]
    return ConvNeXt(blocks, stochastic_depth_prob=0.0, layer_scale=1.0, num_classes=1)


def efficientnet() -> nn.Module:
    block = partial(MBConvConfig, width_mult=1.0, depth_mult=1.0)
    blocks = [block(1, 3, 1, 16, 16, 1), block(4, 3, 2, 16, 24, 2), block(4, 5, 2, 24, 40, 2)]
    return EfficientNet(blocks, dropout=0.0, stochastic_depth_prob=0.0, num_classes=1, last_channel=96)


NETWORKS = {"vit": vit, "convnext": convnext, "efficientnet": efficientnet}


def planted(family: str, data: str) -> nn.Module:
    """The trained network of a family, of the biased or the balanced faces, in evaluation mode."""
    network = NETWORKS[family]()
    weights = load_file(FOLDER / f"{family}-{data}.safetensors")
    network.load_state_dict({name: value.to(network.state_dict()[name].dtype) for name, value in weights.items()})
    return network.eval().requires_grad_(False)


def halved(network: nn.Module) -> dict[str, torch.Tensor]:
    """Weights of half precision, to be kept in a file; counters stay as they are."""
    return {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }


class Smiles:
    """What attribution needs of a classifier with one logit; images are seen as they are, in [0, 1]."""

    def __init__(self, module: nn.Module, images: torch.Tensor) -> None:
        self.module, self.graph = module, lift(module, images)

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def seed(self, classes: torch.Tensor) -> torch.Tensor:
        return (2 * classes - 1).float()[:, None]

    def scores(self, logits: torch.Tensor) -> torch.Tensor:
        smiling = logits.double().sigmoid()
        return torch.cat([1 - smiling, smiling], 1)

    def lifted(self, example: torch.Tensor) -> Lifted:
        return self.graph
