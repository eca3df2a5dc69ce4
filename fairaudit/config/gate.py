"""A rule of `gates`: what the exit code rests on."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from fairaudit.config.section import Section

AllowedVerdict = Literal[
    "no evidence",
    "unequal outcome",
    "spurious but equal",
    "unequal and for the wrong reason",
    "unequal, not by this cue",
]
"""Joint verdicts that a rule may allow; `undecided` is no finding, and --fail-on fail lets it through."""


OF_CLASSIFIERS: Final = frozenset(
    {
        *("relative_change", "relative_change_before", "relative_change_ratio_of_sums", "base_change"),
        *("rectification_factor", "map_similarity", "map_similarity_absolute", "map_structural_similarity"),
    }
)
"""Metrics whose class and attribute are classifiers, outputs, files or sums, which only their command knows."""


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
