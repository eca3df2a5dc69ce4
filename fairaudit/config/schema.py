"""The schema of fairaudit.yaml: all settings, with every default written once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fairaudit.config.data import Bias, DataConfig, Layout, Resample, Split
from fairaudit.config.gate import AllowedVerdict, GateRule
from fairaudit.config.model import ModelConfig
from fairaudit.config.preprocess import MOST_SIDE, PreprocessConfig, Shorter
from fairaudit.config.region import RegionConfig
from fairaudit.config.section import Section

__all__ = [
    "MOST_SIDE",
    "Aligned",
    "AllowedVerdict",
    "AuditConfig",
    "Bias",
    "Config",
    "DataConfig",
    "GateRule",
    "Layout",
    "ModelConfig",
    "PreprocessConfig",
    "RegionConfig",
    "Resample",
    "Section",
    "Shorter",
    "Split",
]


class Aligned(Section):
    """Which group goes with which target value in the data that the model was trained on: exactly one of the two."""

    split: str | None = None
    """Value of the split's column whose rows say it, such as train; they also give the training's φ and ρ."""
    pairs: dict[str, dict[str, str]] | None = None
    """Attribute → {group: target value that it goes with}."""
    rho: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """For pairs, where it is known: attribute → share of the training rows whose group goes with their target value."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Aligned:
        if (self.split is None) == (self.pairs is None):
            raise ValueError("aligned needs exactly one of split and pairs")
        if set(self.rho) - set(self.pairs or {}):
            raise ValueError("aligned.rho is of attributes that aligned.pairs names; a split has its own")
        return self


class AuditConfig(Section):
    """What is audited and how."""

    attribute: str | list[str] | None = None
    """Attributes to audit (default: all of data.attributes)."""
    region: str | list[str] | None = None
    """Regions to audit (default: all of regions)."""
    saliency: list[str] = Field(default_factory=lambda: ["lrp", "integrated_gradients"])
    """Attribution methods."""
    explain: Literal["target", "prediction"] | str = "target"
    """Whose evidence is explained: the true target, the prediction, or a named class."""
    channels: Literal["sum", "abs_sum", "l2"] = "sum"
    """How a pixel's relevance is made from its channels: their signed sum, which keeps a map's sum, or magnitudes."""
    convention: Literal["positive", "absolute", "paper"] = "positive"
    """How a signed map becomes shares of relevance: by its positive part, its absolute values, or the paper's map
    from 0 to 1 with 0.5 as neutral."""
    aligned: Aligned | None = None
    """Which group goes with which target value in training: {split: train}, or {pairs: {ATTRIBUTE: {GROUP: VALUE}}}.
    What depends on it is undefined without it; it is never taken from the audited rows."""
    intersections: bool = False
    """Audit the intersections of all attributes too."""
    control: list[str] = Field(default_factory=list)
    """Attributes to compare within, not across."""
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Coverage of intervals."""
    replicates: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    """Bootstrap and permutation replicates."""
    min_cell: Annotated[int, Field(ge=0)] = 0
    """Numbers of fewer images are not printed; the images still count in all others."""
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.10
    """Gap below which outcomes count as equal in the joint verdict."""
    lift: Annotated[float, Field(gt=0)] = 1.5
    """Relevance share over area share above which a model counts as using a region."""
    swap: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Change of the score with the group that a region's content comes from, above which a model counts as using the
    attribute."""
    cue: Annotated[float, Field(gt=0)] = 0.15
    """Interaction of group and class in a region's signed relevance, as a share of the evidence in an image, above
    which a model counts as using the attribute."""
    effect: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Paired change of the score, beyond that of control regions, above which a region counts as used."""
    fills: Annotated[list[Literal["inpaint", "blur", "mean", "grey", "swap"]], Field(min_length=1)] | None = None
    """What replaces a region's pixels in the causal check; the statement about the region's use is based on the first.
    Left out: inpainting, or for a region of more than half the image another image's content."""
    faithfulness: bool = True
    """Check attribution methods before rules may use their numbers."""
    twins: str | dict[str, str] | None = None
    """Manifest column with every row's twin: the image with the attribute flipped and nothing else. For several
    attributes {attribute: column}."""
    cvae: str | dict[str, str] | None = None
    """File of a conditional VAE on target and attribute (`fairaudit generator train --kind cvae`), which draws such
    twins and the paths of the method cgi. For several attributes {attribute: file}."""
    shown_in: dict[str, str] = Field(default_factory=dict)
    """Attribute → the region that shows it, which counterfactuals of the attribute are evidence about; left out, the
    region of the attribute's own name."""
    flip: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Change of the score when the attribute is flipped above which a model counts as relying on it."""
    relative_change: Annotated[float, Field(gt=0)] = 0.10
    """Size of the relative change of the attribute's classifier, on counterfactuals of the model's own output, above
    which the model counts as relying on the attribute."""


class Config(Section):
    """The whole of fairaudit.yaml."""

    data: DataConfig
    """Where the rows come from."""
    preprocess: PreprocessConfig = Field(default_factory=PreprocessConfig)
    """How an image becomes the model's input."""
    model: ModelConfig = Field(default_factory=ModelConfig)
    """How outputs are read."""
    regions: dict[str, RegionConfig] = Field(default_factory=dict)
    """Named regions."""
    audit: AuditConfig = Field(default_factory=AuditConfig)
    """What is audited."""
    gates: list[GateRule] = Field(default_factory=list)
    """Rules that decide the exit code; without any, the joint verdicts do."""
