"""Which device computes, and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from fairaudit.config.options import Precision
from fairaudit.errors import UsageError


def pick_device(name: str) -> str:
    """The device to compute on: `auto` takes a GPU when there is one.

    On CUDA single precision is single precision from then on, in the whole process: cuDNN's TF32, which torch allows
    for convolutions, keeps ten bits of a product. Outputs then differ by about 0.1 % with the batch that an image is
    in, which is what a batch norm in training mode looks like, and a report by its second digit from the processor's.

    Raises:
        UsageError: a device that torch does not know or that is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return pick_device("cuda")
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f'The device "{name}" cannot be used',
            wanted="auto, cpu, cuda, cuda:N or mps",
            found=None if "device type" in str(error) else str(error).splitlines()[0],  # torch lists all it knows of
            advice="Use --device auto, or leave the option out.",
        ) from error
    if name.startswith("cuda"):
        torch.backends.cudnn.allow_tf32 = False
    return name


def describe_device(name: str) -> str:
    """The device with the name of its hardware."""
    if name.startswith("cuda"):
        return f"{name} ({torch.cuda.get_device_name(name)})"
    return name


def autocast(device: str, precision: Precision) -> AbstractContextManager[object]:
    """bf16 autocast when asked for; `auto` is fp32, since relevance sums lose too much in bf16."""
    if precision != "bf16":
        return nullcontext()
    return torch.autocast(device_type=device.split(":")[0], dtype=torch.bfloat16)
