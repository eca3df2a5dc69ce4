"""Which graphs have an LRP rule for every step: an allow-list, nothing is tried and hoped for."""

from __future__ import annotations

import operator

from torch import fx, nn
from zennit.layer import Sum
from zennit.types import Activation, AvgPool, BatchNorm, Convolution, MaxPool

from fairaudit.errors import MethodError

_LAYERS = (nn.Linear, nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout2d, nn.Dropout3d, Sum)
_MOVES = frozenset(
    "stack cat concat flatten reshape view squeeze unsqueeze contiguous getitem size shape sym_size select slice chunk "  # noqa: SIM905
    "split split_with_sizes clone detach expand permute transpose t pad constant_pad_nd to alias getattr unbind".split()
)


def refuse_unless_supported(module: fx.GraphModule) -> None:
    """Check that relevance can be handed through every step of a graph.

    Raises:
        MethodError: a layer has no rule here (attention, layer norm, gates that multiply), or a sum is not a module.
    """
    steps = unsupported(module)
    if steps:
        raise MethodError(
            "Layer-wise relevance propagation is not valid for this model",
            wanted="convolutions, linear layers, batch norm, pooling, elementwise activations and sums",
            found=f"steps without a rule: {', '.join(steps[:8])}{' …' if len(steps) > 8 else ''}",
            advice="Use integrated_gradients, which needs gradients only.",
        )


def unsupported(module: fx.GraphModule) -> list[str]:
    """Names of the steps of a graph that have no rule, each kind once, in order."""
    found: dict[str, None] = {}
    for node in module.graph.nodes:
        if node.op == "call_module":
            layer = module.get_submodule(str(node.target))
            if not _has_rule(layer):
                found[type(layer).__name__] = None
        elif node.op in ("call_function", "call_method") and not _moves_only(node):
            found[step_name(node)] = None
    return list(found)


def step_name(node: fx.Node) -> str:
    """The plain name of a function or method in a graph: add for torch.add, operator.add and aten.add_.Tensor."""
    target = node.target
    name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    return name.split(".")[0].rstrip("_")


def _has_rule(layer: nn.Module) -> bool:
    if isinstance(layer, nn.MultiheadAttention):
        return False
    kinds = (Convolution, AvgPool, MaxPool, BatchNorm, Activation)
    return isinstance(layer, _LAYERS) or any(isinstance(layer, kind) for kind in kinds)


def _moves_only(node: fx.Node) -> bool:
    """Whether a step only moves values about, or computes sizes."""
    sizes = node.target in (operator.add, operator.mul, operator.floordiv, operator.sub) and not node.meta.get("shape")
    return step_name(node) in _MOVES or (sizes and _on_sizes(node))


def _on_sizes(node: fx.Node) -> bool:
    sources = node.all_input_nodes
    return bool(sources) and all(step_name(source) in ("size", "getitem", "shape", "sym_size") for source in sources)
