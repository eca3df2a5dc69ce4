"""The section `preprocess`: from a decoded image to the model's input."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fairaudit.config.section import Section

MOST_SIDE = 8192
"""Largest height and width of a model's input."""


class Shorter(Section):
    """Resizing as most models are trained with: the shorter side to a length, the aspect ratio kept."""

    shorter: Annotated[int, Field(ge=1, le=MOST_SIDE)]
    """Length of the shorter side, in pixels."""


class PreprocessConfig(Section):
    """From a decoded image to the model's input."""

    size: tuple[int, int] | None = None
    """Height and width of the model's input; null keeps the image's own, which must then be the same for all."""
    resize: Literal["stretch", "shorter", "pad"] | Shorter = "stretch"
    """stretch to the size; resize the shorter side and crop the centre; or pad with black to the size's aspect ratio
    and resize. {shorter: 256} with crop: 224 is torchvision's Resize(256) and CenterCrop(224)."""
    crop: tuple[int, int] | None = None
    """Height and width of a centre crop, one number for a square: of the original image, taken first; of the resized
    one where resize is {shorter: …}."""
    interpolation: Literal["bilinear", "bicubic", "nearest", "box"] = "bilinear"
    """How pixels are resized."""
    antialias: bool = True
    """Whether resizing averages over the pixels it skips, as Pillow and torchvision do; false for models that were
    trained on tensors without."""
    exif: bool = True
    """Whether photographs are turned as their EXIF orientation says; how many were is in the report."""
    channels: Literal[1, 3] = 3
    """Grey or RGB."""
    mean: tuple[float, ...] = (0.0,)
    """Subtracted from the [0, 1] image, per channel or one for all."""
    std: tuple[float, ...] = (1.0,)
    """Divided by, per channel or one for all."""

    @model_validator(mode="before")
    @classmethod
    def _squares(cls, values: Any) -> Any:  # noqa: ANN401 (what the file holds)
        """One number for a square; after {shorter: …} the crop is the size."""
        if not isinstance(values, dict):
            return values
        crop = values.get("crop")
        if isinstance(crop, int) and not isinstance(crop, bool):
            values = {**values, "crop": (crop, crop)}
        if isinstance(values.get("resize"), dict) and values.get("crop") is not None and values.get("size") is None:
            values = {**values, "size": values["crop"]}
        return values

    @model_validator(mode="after")
    def _after_resizing(self) -> PreprocessConfig:
        if isinstance(self.resize, Shorter):
            if self.crop is None or self.size != self.crop:
                raise ValueError("resize: {shorter: …} needs a crop, which is then the size of the input")
            if max(self.crop) > self.resize.shorter:
                raise ValueError("crop is larger than the shorter side after resizing")
        return self

    @model_validator(mode="after")
    def _lengths(self) -> PreprocessConfig:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels):
                raise ValueError(f"{name} has {len(values)} numbers for {self.channels} channels")
        if any(value <= 0 for value in self.std):
            raise ValueError("std must be greater than 0")
        if self.size is not None and any(not 1 <= side <= MOST_SIDE for side in self.size):
            raise ValueError(f"size must be from 1 x 1 to {MOST_SIDE} x {MOST_SIDE}")
        if self.crop is not None and any(side < 1 for side in self.crop):
            raise ValueError("crop must be at least 1 x 1")
        return self
