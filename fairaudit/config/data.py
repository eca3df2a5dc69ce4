"""The section `data`: where the rows come from and what their columns mean."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fairaudit.config.section import Section


class Layout(Section):
    """A known dataset layout instead of a manifest file."""

    layout: Literal["celeba", "wilds", "imagefolder", "mnist", "cifar10", "utkface", "isic"]
    """Which layout the folder has."""
    root: str
    """The dataset's folder, relative to the configuration file."""


class Split(Section):
    """Which rows of the manifest are audited."""

    column: str = "split"
    """Column that names the split."""
    use: str = "test"
    """Value of the rows that are audited."""


class Bias(Section):
    """A known bias planted into the data, seeded: a colour, a sticker or a corruption tied to the target."""

    kind: Literal["background_colour", "two_background_colours", "red_green", "corruption", "patch"] = (
        "background_colour"
    )
    """background_colour: Biased-MNIST's ten background colours; two_background_colours: Multi-Color MNIST's left and
    right halves; red_green: figures in red or green, and a target with two values, of which some labels are wrong;
    corruption: one of the fifteen common corruptions; patch: a sticker of one colour in every image. The first three
    are for grey figures on black, the last two for any images."""
    rho: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of images whose colour is their class's own; the rest is uniform over the other colours (0.1: balanced)."""
    rho_right: Annotated[float, Field(ge=0, le=1)] | None = None
    """For two_background_colours: the share of the right half, where it is another than that of the left."""
    attribute: str = "colour"
    """Name of the attribute that is added to the manifest; two colours add left_NAME and right_NAME."""
    label_noise: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """For red_green: share of every class whose label is changed to the other before it gets its colour."""
    corruptions: list[str] = Field(default_factory=list)
    """For corruption: their names, the k-th for the k-th target value (default: the first of the fifteen)."""
    severity: Annotated[int, Field(ge=1, le=5)] = 3
    """For corruption: 1 (slight) to 5."""
    box: tuple[float, float, float, float] = (0.04, 0.72, 0.24, 0.92)
    """For patch: x0, y0, x1, y1 as shares of the original image."""

    @model_validator(mode="after")
    def _a_box(self) -> Bias:
        x0, y0, x1, y1 = self.box
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise ValueError("box must be x0, y0, x1, y1 in [0, 1] with x0 < x1 and y0 < y1")
        return self


class Resample(Section):
    """Undersample the rows, seeded, before anything else sees them."""

    attribute: str
    """Attribute whose combinations with the target are balanced, or brought to a φ."""
    to: Literal["balanced", "phi"] = "balanced"
    """balanced: all combinations of attribute and target with equally many rows; phi: a binary attribute and target at
    the given φ."""
    phi: Annotated[float, Field(ge=-1, le=1)] | None = None
    """Yule's φ to reach (eq. 5 of the saliency paper)."""


class DataConfig(Section):
    """Where the rows come from and what their columns mean."""

    manifest: str | Layout
    """CSV, JSON Lines or Parquet file, or {layout: …, root: …} for a known layout."""
    root: str | None = None
    """Folder that image paths are relative to (default: the manifest's folder)."""
    image: str = "file"
    """Column with the image's path."""
    id: str | None = None
    """Column with the row's id (default: the image's path)."""
    target: str | None = None
    """Column with the label that the model predicts; known layouts have their own default."""
    attributes: list[str] = Field(default_factory=list)
    """Columns with protected attributes."""
    unknown: list[str] = Field(default_factory=lambda: ["", "unknown", "nan", "na", "none", "null"])
    """Texts, upper or lower case alike, that mean that a value is unknown."""
    split: Split | None = None
    """Rows to use; all rows when left out."""
    cluster: str | None = None
    """Column whose values are resampled whole, such as a person."""
    bias: Bias | None = None
    """A known bias to plant into the images."""
    resample: Resample | None = None
    """Undersampling before the audit."""
