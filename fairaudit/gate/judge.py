"""The gate: rules over measurements become pass, fail, inconclusive or incomplete, and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fairaudit.config.options import FailOn
from fairaudit.config.schema import GateRule
from fairaudit.counted import counted
from fairaudit.errors import ExitCode
from fairaudit.gate.alike import Alike, Unlike, doubt, everywhere, nothing_compared
from fairaudit.gate.evidence import Evidence, Limits, evidence
from fairaudit.gate.family import Correction, Decision, decide
from fairaudit.gate.needed import needed
from fairaudit.gate.rules import beyond_in_words, in_words, limits_in_words, select, why_none
from fairaudit.gate.verdicts import DEFAULT, judged_verdicts, why_no_verdict
from fairaudit.results.measurement import Measurement
from fairaudit.results.preconditions import COMPARED, LABELS, SCALE, VARY
from fairaudit.results.report import Gate, GateState, RuleResult, Verdict
from fairaudit.results.text import interval, number

WORST_FIRST: Final[tuple[GateState, ...]] = ("fail", "incomplete", "inconclusive", "not judged", "pass", "none")
"""Order of states: the worst rule decides the gate, for which a rule that is not judged is inconclusive."""

EXIT_CODES: Final[dict[GateState, ExitCode]] = {
    "fail": ExitCode.GATE_FAILED,
    "incomplete": ExitCode.INCOMPLETE,
    "inconclusive": ExitCode.INCONCLUSIVE,
    "not judged": ExitCode.INCONCLUSIVE,
    "pass": ExitCode.PASS,
    "none": ExitCode.PASS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One rule applied to one measurement."""

    rule: GateRule
    measurement: Measurement
    evidence: Evidence | None

    @property
    def limits(self) -> Limits:
        """What is allowed; for a regression, how far the change may go to the worse side."""
        if self.rule.regression is None or self.rule.max is None:
            return Limits(minimum=self.rule.min, maximum=self.rule.max)
        if self.measurement.better == "higher":
            return Limits(minimum=-self.rule.max, maximum=None)
        return Limits(minimum=None, maximum=self.rule.max)

    @property
    def by_interval(self) -> bool:
        """Whether its interval takes part in the correction for several rules.

        A disparity that is undefined because of one group may have an interval all the same, with that group's rate
        left open: what the other groups prove can fail, but never pass.
        """
        sound = self.measurement.status in ("ok", "undefined")
        return self.rule.on == "interval" and sound and self.evidence is not None


def judge(
    rules: Sequence[GateRule],
    measurements: Sequence[Measurement],
    *,
    verdicts: Sequence[Verdict] = (),
    alike: Sequence[Alike] = (),
    collapse: GateState = "inconclusive",
    misread: str | None = None,
    unlike: Unlike | None = None,
    excluded: int = 0,
    max_excluded: int = 0,
    fail_on: FailOn = "inconclusive",
    correction: Correction = "holm",
) -> Gate:
    """Judge everything that a rule is about; needs nothing but what a report holds, and which decisions do not vary.

    The worst state decides: fail, then incomplete, inconclusive, pass. A number that is undefined, unusable or
    suppressed never passes: it is inconclusive, with its reason, unless an undefined one has an interval that fails.
    Neither does one whose images were all decided alike, or one that rests on a handful of images. A rule about
    something that this command does not measure is not judged, and the gate is inconclusive at best.

    Args:
        rules: what is asked for; without any, every joint verdict has to be `no evidence`.
        measurements: what was found.
        verdicts: joint verdicts; none where the command gives none.
        alike: images, all or those of a group, that were all decided alike.
        misread: why the model was probably given other inputs than it was trained on; None where nothing says so.
        unlike: why its decisions are probably no answers to what the labels ask; None where nothing says so. Decisions
            that go nowhere matter where something is judged, those that go against the labels always.
        collapse: state of the gate where all images were decided alike; `fail` where a model was changed.
        excluded: rows that were not scored.
        max_excluded: more excluded rows than this make the gate incomplete, with or without rules.
        fail_on: from which state on the exit code is not 0: fail, incomplete, inconclusive or never.
        correction: for several intervals at once, `holm` or `none`.
    """
    if not rules and verdicts:
        rules = [DEFAULT]
    cases = [
        _Case(rule=rule, measurement=measurement, evidence=evidence(measurement))
        for rule in rules
        if not rule.verdicts
        for measurement in select(rule, measurements)
    ]
    family = [(case.evidence, case.limits) for case in cases if case.by_interval and case.evidence is not None]
    tail = min((item.tail for item, _ in family), default=0.025)
    decisions = iter(decide(family, tail=tail, correction=correction))
    results = [
        _result(case, next(decisions) if case.by_interval else None, alike=alike, rows=measurements) for case in cases
    ]
    known = {measurement.id: measurement for measurement in measurements}
    results += [result for rule in rules if rule.verdicts for result in judged_verdicts(rule, verdicts, known, alike)]
    results += _not_judged(rules, results, measurements, verdicts)
    same = everywhere(alike)
    if same is not None:
        results.append(_bare(VARY, collapse, same.sentence()))
    alone = None if rules else nothing_compared(measurements)
    if alone is not None:
        results.append(_bare(COMPARED, "inconclusive", alone))
    if misread is not None:
        results.append(_bare(SCALE, "inconclusive", misread))
    if unlike is not None and (results or unlike.against):
        results.append(_bare(LABELS, "inconclusive", unlike.sentence))
    if excluded > max_excluded:
        results.append(_too_many_excluded(excluded, max_excluded))
    results.sort(key=lambda result: WORST_FIRST.index(result.state))
    state = results[0].state if results else "none"
    state = "inconclusive" if state == "not judged" else state
    return Gate(
        state=state,
        exit_code=int(exit_code(state, fail_on)),
        fail_on=fail_on,
        correction=_correction_in_words([case.measurement for case in cases if case.by_interval], tail, correction),
        rules=results,
    )


def exit_code(state: GateState, fail_on: FailOn) -> ExitCode:
    """What the process returns: the state's own code from `fail_on` on (fail, incomplete, inconclusive), else 0.

    >>> exit_code("inconclusive", "inconclusive").value, exit_code("inconclusive", "fail").value
    (4, 0)
    """
    if fail_on == "never":
        return ExitCode.PASS
    counts = WORST_FIRST.index(state) <= WORST_FIRST.index(fail_on)
    return EXIT_CODES[state] if counts else ExitCode.PASS


def _result(
    case: _Case, decision: Decision | None, *, alike: Sequence[Alike], rows: Sequence[Measurement]
) -> RuleResult:
    result = _decided(case, decision, rows)
    against = doubt(case.measurement, alike) if result.state == "pass" else None
    if against is None:
        return result
    return result.model_copy(
        update={"state": "inconclusive", "why": f"{result.why} It does not pass all the same: {against}"}
    )


def _decided(case: _Case, decision: Decision | None, rows: Sequence[Measurement]) -> RuleResult:
    measurement = case.measurement
    proved = decision is not None and decision.state == "fail"
    if measurement.status != "ok" and not proved:
        return _told(case, "inconclusive", f"{_cannot(measurement.status)}: {measurement.reason}")
    if case.rule.regression is not None and measurement.better == "none":
        return _told(
            case, "inconclusive", f"Neither direction is better for {case.rule.regression}, so it cannot get worse."
        )
    if decision is not None:
        return _by_interval(case, decision, rows)
    if case.rule.on == "value" and measurement.value is not None:
        inside = case.limits.allow(measurement.value)
        relation = "keeps to" if inside else "breaks"
        why = f"The estimate {number(measurement.value)} {relation} the limit; its uncertainty does not count (on: "
        "value)."
        return _told(case, "pass" if inside else "fail", why)
    return _told(case, "inconclusive", 'The number has no interval; only a rule with "on: value" can judge it.')


def _not_judged(
    rules: Sequence[GateRule],
    results: Sequence[RuleResult],
    measurements: Sequence[Measurement],
    verdicts: Sequence[Verdict],
) -> list[RuleResult]:
    """A result for every rule that is about nothing here."""
    done = {result.rule for result in results}
    left = [rule for rule in rules if in_words(rule) not in done]
    reasons = [why_no_verdict(verdicts) if rule.verdicts else why_none(rule, measurements) for rule in left]
    return [
        _bare(in_words(rule), "not judged", why, minimum=rule.min, maximum=rule.max)
        for rule, why in zip(left, reasons, strict=True)
    ]


def _by_interval(case: _Case, decision: Decision, rows: Sequence[Measurement]) -> RuleResult:
    shown = interval(decision.low, decision.high)
    phrase = limits_in_words(case.limits.minimum, case.limits.maximum)
    why = {
        "pass": f"The whole interval {shown} is {phrase}.",
        "fail": f"The whole interval {shown} is {beyond_in_words(case.limits.minimum, case.limits.maximum)}.",
        "inconclusive": f"Only a part of the interval {shown} is {phrase}.",
    }[decision.state]
    if case.evidence is not None and case.evidence.without_width:
        why = f"The interval {shown} has no width, because the values it is based on do not vary: it is no evidence."
    more = None
    if decision.state == "inconclusive":
        more = needed(case.measurement, decision.low, decision.high, case.limits, rows=rows)
    return _told(case, decision.state, why, decision=decision, more=more)


def _told(
    case: _Case, state: GateState, why: str, *, decision: Decision | None = None, more: str | None = None
) -> RuleResult:
    return RuleResult(
        rule=in_words(case.rule),
        state=state,
        measurement=case.measurement.id,
        value=case.measurement.value,
        low=decision.low if decision else None,
        high=decision.high if decision else None,
        minimum=case.limits.minimum,
        maximum=case.limits.maximum,
        why=why if why.endswith(".") else f"{why}.",
        needed=more,
    )


def _cannot(status: Literal["ok", "undefined", "unusable", "suppressed"]) -> str:
    return {
        "undefined": "There is no such number",
        "unusable": "The number cannot be relied on, so it cannot pass",
        "suppressed": "The number is of too few images to be printed, so it cannot pass",
    }.get(status, status)


def _too_many_excluded(excluded: int, allowed: int) -> RuleResult:
    rows = counted(excluded, "row was", "rows were")
    why = f"{rows} not scored, {allowed:,} allowed (--max-excluded); the list of excluded rows gives the reasons."
    return _bare(f"excluded rows at most {allowed}", "incomplete", why, value=float(excluded), maximum=float(allowed))


def _bare(
    rule: str,
    state: GateState,
    why: str,
    *,
    value: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> RuleResult:
    """A result about no measurement."""
    return RuleResult(
        rule=rule,
        state=state,
        measurement=None,
        value=value,
        low=None,
        high=None,
        minimum=minimum,
        maximum=maximum,
        why=why,
    )


def _correction_in_words(judged: Sequence[Measurement], tail: float, correction: Correction) -> str:
    members, level = len(judged), f"{100 * (1 - 2 * tail):g} %"
    # The end of a max-t interval that proves a disparity has the whole error, not half of it.
    fails = 2 * tail if any(measurement.interval == "max-t" for measurement in judged) else tail
    if members == 0:
        return "none: no rule was judged by an interval"
    if members == 1:
        return f"none: one interval, at its own level of {level}"
    if correction == "none":
        return (
            f"none: {members} intervals, each at its own level of {level}; with several, a wrong result is more likely"
        )
    return (
        f"Holm over the {members} intervals of this gate: the chance of any wrong pass is at most {100 * tail:g} %, "
        f"of any wrong fail {100 * fails:g} %. Wilson intervals were computed again at the corrected level; others "
        "keep their shape, scaled by normal quantiles"
    )
