"""How a model's folder says its images are prepared, in the keys of `preprocess`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fairaudit.config.schema import PreprocessConfig

_PILLOW = {0: "nearest", 2: "bilinear", 3: "bicubic", 4: "box"}
"""Pillow's numbers of the filters that there are here, as preprocessor_config.json has them."""

Preset = Mapping[str, Any]
"""size, resize, crop and interpolation, as far as the folder says them."""


def timm_preset(facts: Mapping[str, Any]) -> Preset:
    """Timm's evaluation transforms: the shorter side to ⌊side / crop_pct⌋, and the centre of it.

    Args:
        facts: `pretrained_cfg`, or config.json itself.

    >>> timm_preset({"input_size": [3, 224, 224], "crop_pct": 0.9, "interpolation": "bicubic"})
    {'resize': {'shorter': 248}, 'crop': 224, 'interpolation': 'bicubic'}
    """
    size, share = facts.get("input_size"), facts.get("crop_pct", 0.875)
    if not (isinstance(size, list) and len(size) == 3 and size[1] == size[2] and isinstance(size[1], int)):
        return {}
    if not isinstance(share, int | float) or not 0 < share <= 1:
        return {}
    kind = facts.get("interpolation")
    more = {"interpolation": kind} if kind in _PILLOW.values() else {}
    mode = facts.get("crop_mode") or "center"
    if mode == "center":
        return {"resize": {"shorter": math.floor(size[1] / share)}, "crop": size[1], **more}
    if mode == "squash" and share == 1:
        return {"size": [size[1], size[1]], "resize": "stretch", **more}
    return {}


def transformers_preset(facts: Mapping[str, Any]) -> Preset:
    """An image processor of transformers: resized to `size`, then cropped to `crop_size` where it says so.

    Args:
        facts: preprocessor_config.json.

    >>> transformers_preset({"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": 224, "resample": 2})
    {'resize': {'shorter': 256}, 'crop': 224, 'interpolation': 'bilinear'}
    >>> transformers_preset({"size": {"height": 224, "width": 224}, "resample": 3})
    {'size': [224, 224], 'resize': 'stretch', 'interpolation': 'bicubic'}
    """
    if not facts.get("do_resize", True):
        return {}
    size, crop = facts.get("size"), _side(facts.get("crop_size"))
    kind = _PILLOW.get(facts["resample"]) if isinstance(facts.get("resample"), int) else None
    more = {} if kind is None else {"interpolation": kind}
    if isinstance(size, Mapping) and isinstance(size.get("shortest_edge"), int):
        if facts.get("do_center_crop") and crop is not None and crop <= size["shortest_edge"]:
            return {"resize": {"shorter": size["shortest_edge"]}, "crop": crop, **more}
        return {}
    whole = _both(size)
    if whole is None or (facts.get("do_center_crop") and crop != whole[0]):
        return {}
    return {"size": whole, "resize": "stretch", **more}


def in_yaml(preset: Preset) -> str:
    """The preset as a line of fairaudit.yaml; empty if the folder says nothing that can be written there.

    >>> in_yaml({"resize": {"shorter": 248}, "crop": 224, "interpolation": "bicubic"})
    'preprocess: {resize: {shorter: 248}, crop: 224, interpolation: bicubic}'
    """
    if not preset:
        return ""
    parts = [
        f"{name}: {{shorter: {value['shorter']}}}" if isinstance(value, Mapping) else f"{name}: {value}"
        for name, value in preset.items()
    ]
    return f"preprocess: {{{', '.join(parts)}}}"


def differs(preprocess: PreprocessConfig, preset: Preset) -> bool:
    """Whether images are prepared differently from what the folder says, if it says anything."""
    if not preset:
        return False
    wanted = PreprocessConfig.model_validate({"channels": preprocess.channels, **preset})
    return any(getattr(wanted, name) != getattr(preprocess, name) for name in ("size", "crop", *preset))


def _side(value: object) -> int | None:
    """The side of a square, given as a number or as height and width."""
    both = [value, value] if isinstance(value, int) else _both(value)
    return both[0] if both is not None and both[0] == both[1] else None


def _both(value: object) -> list[int] | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return [value, value]
    if isinstance(value, Mapping) and isinstance(value.get("height"), int) and isinstance(value.get("width"), int):
        return [value["height"], value["width"]]
    return None
