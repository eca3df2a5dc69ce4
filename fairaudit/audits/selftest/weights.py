"""The weights of one model of a self-test, as safetensors with the key that says what they were trained on."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from fairaudit.results.strict_json import write_bytes


def write_weights(path: Path, module: nn.Module, key: str) -> None:
    """Write parameters and buffers whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    from safetensors.torch import save

    # Copies: tied weights share memory, which safetensors refuses.
    state = {name: value.detach().cpu().contiguous().clone() for name, value in module.state_dict().items()}
    write_bytes(path, save(state, metadata={"key": key}))


def read_weights(path: Path, key: str) -> dict[str, Tensor] | None:
    """The weights of an earlier run; None where there are none, or those of another key, or a damaged file."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("key") != key:
                return None
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError):
        return None
