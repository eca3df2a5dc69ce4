"""The report of one audited model: what report.json holds, and nothing that is not in it."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fairaudit.results.measurement import Measurement

SCHEMA_VERSION: Final = 1

JointVerdict = Literal[
    "no evidence",
    "unequal outcome",
    "spurious but equal",
    "unequal and for the wrong reason",
    "unequal, not by this cue",
    "undecided",
]
VERDICTS_WORST_FIRST: Final[tuple[JointVerdict, ...]] = (
    "unequal and for the wrong reason",
    "unequal, not by this cue",
    "unequal outcome",
    "spurious but equal",
    "undecided",
    "no evidence",
)
Use = Literal["yes", "no", "open", "disagree", "unknown"]
"""Whether something is used: yes, no, open (too little evidence), disagree (witnesses on both sides), unknown (nothing
was asked)."""
GateState = Literal["pass", "fail", "inconclusive", "not judged", "incomplete", "none"]


class ReportPart(BaseModel):
    """What every part of a report has in common: frozen, strict, described by its docstrings."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, use_attribute_docstrings=True
    )


class Run(ReportPart):
    """Facts of this run alone; two runs of the same command may differ here and nowhere else."""

    started: str
    """Start time, UTC, ISO 8601."""
    seconds: float
    """Wall-clock time of this run."""
    command: list[str]
    """Command line as given."""
    device: str
    """Device that computed, such as cpu or cuda:0 with its name."""
    resumed_chunks: int
    """Chunks taken from the run store of an earlier run."""
    versions: dict[str, str]
    """fairaudit, Python and library versions."""
    images_per_second: float | None = None
    """Images computed in this run per second of the map; null when everything was resumed."""


class Model(ReportPart):
    """One model of the report."""

    name: str
    """Name used in measurements and tables (the file's stem)."""
    role: Literal["candidate", "baseline"]
    """Audited, or compared with."""
    file: str
    """File name without its folder."""
    sha256: str
    """Digest of the file's bytes."""
    format: str
    """How the file was opened: torchscript, state-dict, safetensors, pickle, exported-program, onnx or expression."""
    output: str
    """sigmoid, softmax or multilabel."""
    classes: list[str]
    """Names of the target values in the order of the model's decisions."""
    input_size: list[int]
    """Height and width the model was given."""
    parameters: int
    """Number of parameters."""
    facts: dict[str, float | int | str | bool | None] = Field(default_factory=dict)
    """What opening and lifting found, such as the largest deviation of the lifted graph."""


class Data(ReportPart):
    """What was audited."""

    name: str
    """Name of the manifest or of the dataset folder."""
    digest: str
    """Digest of row ids, labels, attributes and image bytes' names as they entered the run."""
    rows: int
    """Rows of the selected split."""
    scored: int
    """Rows that were scored; rows = scored + the excluded ones."""
    target: str
    """Name of the label that the model predicts."""
    classes: list[str]
    """Target values in order."""
    attributes: dict[str, list[str]]
    """Values of every attribute, in order, `unknown` left out."""
    unknown: dict[str, int]
    """Scored rows per attribute whose value is unknown."""
    cells: dict[str, dict[str, dict[str, int | None]]]
    """attribute → group → target value → scored rows; null where suppressed."""
    regions: dict[str, dict[str, float | int | str | None]]
    """region → how it was given, mean area share, rows where it is empty."""
    seed: int
    """Seed of all random numbers."""


class Excluded(ReportPart):
    """One row that was not scored."""

    row: int
    """Row of the selected split, counted from 0."""
    id: str
    """Row id."""
    reason: str
    """Why it was not scored."""


class Verdict(ReportPart):
    """The joint verdict on one attribute and one region."""

    attribute: str
    """Protected attribute."""
    region: str | None
    """Region of interest; null when none was given."""
    verdict: JointVerdict
    """One of the six joint verdicts."""
    attribute_used: Use = "unknown"
    """Whether the model uses the attribute as shown in the region; what the verdict rests on."""
    region_used: Use | None = None
    """Whether the model uses the region, whatever it shows; null without a region."""
    forbidden: bool = False
    """Whether the user declared that nothing in the region may matter."""
    why: str
    """The evidence in a few sentences."""
    needed: str | None = None
    """For `undecided`: what would decide it."""
    evidence: list[str] = Field(default_factory=list)
    """Ids of the measurements that it rests on."""


class RuleResult(ReportPart):
    """What one gate rule found."""

    rule: str
    """The rule in words."""
    state: GateState
    """pass, fail or inconclusive; not judged where this command does not measure what it is about."""
    measurement: str | None
    """Id of the measurement that it judged; null for verdicts, and when there is none."""
    attribute: str | None = None
    """For a verdict: its attribute."""
    region: str | None = None
    """For a verdict: its region."""
    verdict: JointVerdict | None = None
    """The joint verdict that it judged; null for a measurement."""
    value: float | None
    """Value it judged."""
    low: float | None
    """Lower end of the interval it judged, after correction for several rules."""
    high: float | None
    """Upper end of the interval it judged, after correction for several rules."""
    minimum: float | None
    """Lower limit."""
    maximum: float | None
    """Upper limit."""
    why: str
    """The decision in one sentence."""
    needed: str | None = None
    """For inconclusive: how many more images of which cell would decide it."""


class Gate(ReportPart):
    """The verdict of the gate and every rule's."""

    state: GateState
    """Worst state of all rules, where not judged counts as inconclusive; none when nothing is gated."""
    exit_code: int
    """What the process returns for it under `fail_on`."""
    fail_on: str
    """Which states make the exit code other than 0."""
    correction: str
    """How the level was corrected for several rules, and the family."""
    rules: list[RuleResult]
    """Every rule, worst first."""


class Figure(ReportPart):
    """One picture next to the report."""

    file: str
    """Path relative to the report."""
    caption: str
    """What it shows, in one or two sentences."""
    photographs: bool = False
    """Whether single images of the data can be seen on it."""
    worst: bool = False
    """Whether it shows the worst images, which stand on the first page."""


class Report(ReportPart):
    """The report of one audited model (`report.json`)."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Version of this schema."""
    run: Run
    """Facts of this run alone; everything else is the same for the same command on the same machine."""
    data: Data
    """What was audited."""
    models: list[Model]
    """The candidate first, then the baseline if there is one."""
    measurements: list[Measurement]
    """Every number, flat."""
    verdicts: list[Verdict]
    """Joint verdicts, worst first."""
    gate: Gate
    """The verdict that becomes the exit code."""
    excluded: list[Excluded]
    """Rows that were not scored, each with its reason."""
    notes: list[str]
    """What a reader must know to read the numbers rightly."""
    figures: list[Figure]
    """Pictures next to the report."""

    @model_validator(mode="after")
    def _every_row_is_accounted_for(self) -> Report:
        if self.data.rows != self.data.scored + len(self.excluded):
            raise ValueError(
                f"{self.data.rows} rows went in, but {self.data.scored} were scored and {len(self.excluded)} excluded"
            )
        return self
