"""Fold batch norm into the layer before it, so that attribution rules see one linear layer."""

from __future__ import annotations

import copy

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

_Convolution = nn.Conv2d | nn.ConvTranspose2d


def fold_batch_norm(module: fx.GraphModule) -> fx.GraphModule:
    """A copy in which every batch norm that directly follows a convolution or linear layer is part of it.

    With scale s = γ / √(σ² + ε): w' = s·w and b' = s·(b - μ) + β. A batch norm elsewhere, as in DenseNet, stays.
    """
    folded = copy.deepcopy(module)
    for node in list(folded.graph.nodes):
        before = _layer_before(folded, node)
        if before is None:
            continue
        layer, norm = folded.get_submodule(str(before.target)), folded.get_submodule(str(node.target))
        _put(folded, str(before.target), _fused(layer, norm))
        node.replace_all_uses_with(before)
        before.meta |= node.meta
        folded.graph.erase_node(node)
    folded.delete_all_unused_submodules()
    folded.recompile()
    return folded


def _layer_before(module: fx.GraphModule, node: fx.Node) -> fx.Node | None:
    """The convolution or linear layer that a batch norm can go into, or None."""
    if node.op != "call_module":
        return None
    norm = module.get_submodule(str(node.target))
    before = node.args[0]
    if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) or not isinstance(before, fx.Node):
        return None
    if before.op != "call_module" or len(before.users) != 1:
        return None
    layer = module.get_submodule(str(before.target))
    if isinstance(layer, nn.Linear):
        # After a linear layer on tokens, a batch norm runs over another axis than the layer's features.
        return before if len(before.meta.get("shape", ())) == 2 else None
    return before if isinstance(layer, _Convolution) else None


def _fused(layer: nn.Module, norm: nn.Module) -> nn.Module:
    if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) or not isinstance(layer, nn.Linear | _Convolution):
        raise TypeError(f"{type(norm).__name__} cannot be folded into {type(layer).__name__}")
    if isinstance(layer, nn.Linear):
        return fuse_linear_bn_eval(layer, norm)
    return fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))


def _put(module: nn.Module, name: str, child: nn.Module) -> None:
    folder, _, last = name.rpartition(".")
    for parameter in child.parameters():
        parameter.requires_grad_(False)
    setattr(module.get_submodule(folder), last, child)
