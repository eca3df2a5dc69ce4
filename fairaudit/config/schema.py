"""The schema of fairaudit.yaml: what can be asked for, with every default written once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_SIDE = 8192
"""Largest height and width of a model's input."""


class Section(BaseModel):
    """What every section has in common: frozen, and unknown keys are errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        coerce_numbers_to_str=True,  # `use: 2` and `classes: [0, 1]` are names too
    )


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

    kind: Literal["background_colour", "two_background_colours", "corruption", "patch"] = "background_colour"
    """background_colour: Biased-MNIST's ten background colours; two_background_colours: Multi-Color MNIST's left and
    right halves; corruption: one of the fifteen common corruptions; patch: a sticker of one colour in every image. The
    first two are for grey figures on black, the last two for any images."""
    rho: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of images whose colour is their class's own; the rest is uniform over the other colours (0.1: balanced)."""
    rho_right: Annotated[float, Field(ge=0, le=1)] | None = None
    """For two_background_colours: the share of the right half, where it is another than that of the left."""
    attribute: str = "colour"
    """Name of the attribute that is added to the manifest; two colours add left_NAME and right_NAME."""
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
    """Attribute whose cells with the target are set."""
    to: Literal["balanced", "phi"] = "balanced"
    """balanced: cells of equal size; phi: a binary attribute and target at the given φ."""
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
    """Texts, in any case, that mean that the value is unknown."""
    split: Split | None = None
    """Rows to use; all rows when left out."""
    cluster: str | None = None
    """Column whose values are resampled whole, such as a person."""
    bias: Bias | None = None
    """A known bias to plant into the images."""
    resample: Resample | None = None
    """Undersampling before the audit."""


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


class ModelConfig(Section):
    """How the model's outputs are read."""

    output: Literal["auto", "sigmoid", "softmax", "multilabel", "probability", "log_probability", "logit", "label"] = (
        "auto"
    )
    """How outputs become probabilities (sigmoid of one, softmax over several, multilabel: a sigmoid for each; auto goes
    by their number), or what they are (probability, log_probability, logit, label). Whether a sigmoid or softmax has
    been applied inside the model is found out, and need not be said."""
    head: str | int | None = None
    """Key of the dictionary, or place in the tuple, that the model returns, where it returns several outputs."""
    layout: Literal["nchw", "nhwc"] = "nchw"
    """Order of the input: image, channel, row, column; or nhwc, with channels last, as TensorFlow has it."""
    classes: list[str] = Field(default_factory=list)
    """Names of the outputs, in order; for a sigmoid that of the positive class, or of both values of the target with
    the positive one second."""
    pick: str | int | list[str | int] | None = None
    """Which outputs predict the target. One, by name or index: it has a sigmoid of its own (multilabel). Several, as a
    list in the order of the target's values or as "FIRST:LAST" with the last one excluded: a softmax over them."""
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Decision threshold of a sigmoid or multilabel output."""
    arch: str | None = None
    """For checkpoints: torchvision:NAME or package.module:factory, with literal arguments if need be."""
    weights: str | None = None
    """For checkpoints: key of the weights to use, such as state_dict_ema; dots go down a level."""

    @property
    def picks_several(self) -> bool:
        """Whether `pick` names several outputs that a softmax runs over: a list, or FIRST:LAST.

        >>> ModelConfig(pick="7:9").picks_several, ModelConfig(pick=3).picks_several
        (True, False)
        """
        if isinstance(self.pick, str):
            first, _, last = self.pick.partition(":")
            return first.strip().isdecimal() and last.strip().isdecimal()
        return isinstance(self.pick, list)


class RegionConfig(Section):
    """One region of interest: exactly one of box, polygon, columns, mask, landmarks, union or complement."""

    box: tuple[float, float, float, float] | None = None
    """x0, y0, x1, y1 of the original image."""
    polygon: list[tuple[float, float]] | None = None
    """Corners x, y of the original image."""
    columns: tuple[str, str, str, str] | None = None
    """Manifest columns with x0, y0, x1, y1 of every row; empty cells mean that the row has no such region."""
    mask: str | None = None
    """Path of a mask image per row, with {column} places, such as masks/{id}.png; pixels above half are inside. Also
    @NAME: a mask that the images come with, such as @background of a planted background colour."""
    landmarks: list[tuple[str, str]] | None = None
    """Manifest columns (x, y) of points; the region is their bounding box grown by `margin` of its size."""
    margin: float = 0.1
    """For landmarks: growth on each side as a share of the box's width and height."""
    union: list[str] | None = None
    """Names of other regions."""
    complement: str | None = None
    """Name of another region."""
    form: Literal["xyxy", "xywh"] = "xyxy"
    """For box and columns: two corners, or one corner with width and height."""
    units: Literal["fraction", "pixel"] = "fraction"
    """Units of box, polygon, columns and landmarks: shares of the original image's width and height, or its pixels."""
    forbidden: bool = False
    """Whether nothing in the region may matter (a watermark, a hospital tag, a border, a background): using it then
    counts against the model. Left out, it does not: most boxes also hold evidence that the model may use."""

    @model_validator(mode="after")
    def _exactly_one(self) -> RegionConfig:
        kinds = ("box", "polygon", "columns", "mask", "landmarks", "union", "complement")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"a region needs exactly one of {', '.join(kinds)}; found: {found}")
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        kinds = ("box", "polygon", "columns", "mask", "landmarks", "union", "complement")
        return next(kind for kind in kinds if getattr(self, kind) is not None)


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
    """How a pixel's relevance comes from its channels: their signed sum, which maps add up by, or magnitudes."""
    convention: Literal["positive", "absolute", "paper"] = "positive"
    """How a signed map becomes relevance shares: see the region metrics."""
    aligned: Aligned | None = None
    """Which group goes with which target value in training: {split: train}, or {pairs: {ATTRIBUTE: {GROUP: VALUE}}}.
    What depends on it is undefined without it; it is never taken from the audited rows."""
    intersections: bool = False
    """Audit the intersections of all attributes too."""
    control: list[str] = Field(default_factory=list)
    """Attributes to compare within, not across."""
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Coverage of intervals."""
    replicates: Annotated[int, Field(ge=100)] = 10_000
    """Bootstrap and permutation replicates."""
    min_cell: Annotated[int, Field(ge=0)] = 0
    """Cells with fewer images are suppressed in what is printed, never in what is counted."""
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.10
    """Gap below which outcomes count as equal in the joint verdict."""
    lift: Annotated[float, Field(gt=0)] = 1.5
    """Relevance share over area share above which a model counts as using a region."""
    swap: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Effect on the score of whose group's content a region shows, above which a model counts as using the
    attribute."""
    cue: Annotated[float, Field(gt=0)] = 0.15
    """Interaction of group and class in a region's signed relevance, as a share of the evidence in an image, above
    which a model counts as using the attribute."""
    effect: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Paired change of the score, beyond that of control regions, above which a region counts as used."""
    fills: Annotated[list[Literal["inpaint", "blur", "mean", "grey", "swap"]], Field(min_length=1)] | None = None
    """What replaces a region's pixels in the causal check; what is told of the region's use rests on the first. Left
    out: inpainting, or for a region of more than half the image another image's content."""
    faithfulness: bool = True
    """Test the attribution methods before they may gate."""
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


AllowedVerdict = Literal[
    "no evidence",
    "unequal outcome",
    "spurious but equal",
    "unequal and for the wrong reason",
    "unequal, not by this cue",
]
"""Joint verdicts that a rule may allow; `undecided` is no finding, and --fail-on fail lets it through."""


class GateRule(Section):
    """One rule: over a metric, over the joint verdicts, or over the change of a metric against a baseline."""

    metric: str | None = None
    """Metric that is held against max and min."""
    verdict: AllowedVerdict | list[AllowedVerdict] | None = None
    """Joint verdicts that pass; any other fails, and undecided is inconclusive."""
    regression: str | None = None
    """Metric that may be worse than the baseline's by max at most."""
    attribute: str | None = None
    """Only this attribute."""
    group: str | None = None
    """Only this group."""
    class_: Annotated[str | None, Field(alias="class")] = None
    """Only this class."""
    region: str | None = None
    """Only this region."""
    method: str | None = None
    """Only this method."""
    against: str | None = None
    """Only changes to this model: vanilla or control in a comparison of mitigation methods, or the baseline's name."""
    max: float | None = None
    """Upper limit, itself allowed."""
    min: float | None = None
    """Lower limit, itself allowed."""
    on: Literal["interval", "value"] = "interval"
    """interval: pass and fail need the whole interval on one side; value: the point decides."""

    @property
    def verdicts(self) -> tuple[AllowedVerdict, ...]:
        """The verdicts that pass; none for a rule of another kind."""
        if self.verdict is None:
            return ()
        return tuple(self.verdict) if isinstance(self.verdict, list) else (self.verdict,)

    @property
    def measured(self) -> str | None:
        """Name of the metric that the rule is held against; none for a rule over verdicts."""
        return f"{self.regression}_change" if self.regression is not None else self.metric

    @model_validator(mode="after")
    def _one_kind(self) -> GateRule:
        kinds = {"metric": self.metric, "verdict": self.verdict, "regression": self.regression}
        given = [kind for kind, value in kinds.items() if value is not None]
        if len(given) != 1:
            raise ValueError(
                f"a rule needs exactly one of metric, verdict, regression; found: {', '.join(given) or 'none'}"
            )
        return self

    @model_validator(mode="after")
    def _a_limit(self) -> GateRule:
        if self.verdict is not None:
            others = [name for name in ("group", "class_", "method", "max", "min") if getattr(self, name) is not None]
            if others or not self.verdicts:
                raise ValueError("a rule over verdicts takes a list of them, attribute and region, and nothing else")
        elif self.regression is not None:
            if self.max is None or self.min is not None or self.max < 0:
                raise ValueError("a rule over a regression needs a max of at least 0: how much worse is allowed")
        elif self.max is None and self.min is None:
            raise ValueError("a rule needs a max or a min")
        elif self.max is not None and self.min is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        return self


class Config(Section):
    """The whole of fairaudit.yaml."""

    data: DataConfig
    """Where the rows come from."""
    preprocess: PreprocessConfig = Field(default_factory=PreprocessConfig)
    """From image to input."""
    model: ModelConfig = Field(default_factory=ModelConfig)
    """How outputs are read."""
    regions: dict[str, RegionConfig] = Field(default_factory=dict)
    """Named regions."""
    audit: AuditConfig = Field(default_factory=AuditConfig)
    """What is audited."""
    gates: list[GateRule] = Field(default_factory=list)
    """Rules that decide the exit code; without any, the joint verdicts do."""
