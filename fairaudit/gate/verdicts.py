"""Rules over joint verdicts: which pass, and what replaces rules if none is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fairaudit.config.schema import GateRule
from fairaudit.gate.alike import Alike, handful
from fairaudit.gate.rules import in_words
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import GateState, RuleResult, Verdict

DEFAULT: Final = GateRule(verdict=["no evidence"])
"""What is asked of every joint verdict where the configuration has no gates."""


def judged_verdicts(
    rule: GateRule, verdicts: Sequence[Verdict], measurements: Mapping[str, Measurement], alike: Sequence[Alike]
) -> list[RuleResult]:
    """The rule applied to every verdict that it is about.

    A verdict that is allowed passes, `undecided` is inconclusive, any other fails. An allowed verdict does not pass
    where decisions do not vary, or where it rests on a handful of images.

    Args:
        rule: a rule over verdicts.
        verdicts: those of the report.
        measurements: the report's, by id.
        alike: images that were all decided alike.
    """
    return [_judged(rule, verdict, measurements, alike) for verdict in verdicts if _is_about(rule, verdict)]


def why_no_verdict(verdicts: Sequence[Verdict]) -> str:
    """Why a rule over verdicts is about none.

    >>> why_no_verdict([])
    'This command gives no joint verdict.'
    """
    if not verdicts:
        return "This command gives no joint verdict."
    known = sorted({f"{verdict.attribute} × {verdict.region or '–'}" for verdict in verdicts})
    return f"There is a verdict on {', '.join(known)} only."


def _is_about(rule: GateRule, verdict: Verdict) -> bool:
    return rule.attribute in (None, verdict.attribute) and rule.region in (None, verdict.region)


def _judged(
    rule: GateRule, verdict: Verdict, measurements: Mapping[str, Measurement], alike: Sequence[Alike]
) -> RuleResult:
    state: GateState = "fail"
    why, needed = verdict.why, None
    if verdict.verdict == "undecided":
        state, needed = "inconclusive", verdict.needed
    elif verdict.verdict in rule.verdicts:
        against = _doubt(verdict, measurements, alike)
        state, why = ("inconclusive", against) if against else ("pass", verdict.why)
    return RuleResult(
        rule=in_words(rule),
        state=state,
        measurement=None,
        attribute=verdict.attribute,
        region=verdict.region,
        verdict=verdict.verdict,
        value=None,
        low=None,
        high=None,
        minimum=None,
        maximum=None,
        why=why if why.endswith((".", "?", "!")) else f"{why}.",
        needed=needed,
    )


def _doubt(verdict: Verdict, measurements: Mapping[str, Measurement], alike: Sequence[Alike]) -> str | None:
    for fact in alike:
        if fact.group is None or (fact.attribute == verdict.attribute and fact.truth_varies):
            return fact.sentence()
    evidence = (measurements[name] for name in verdict.evidence if name in measurements)
    return next((reason for reason in map(handful, evidence) if reason), None)
