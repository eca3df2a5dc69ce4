"""OpenMetrics text: GitLab's metrics reports, and whatever else reads Prometheus' format.

A handful of fixed families with labels: names from data are labels' values, never names. A number that is undefined,
suppressed or unusable has no sample, since a monitor would take it for one; how many there are is a family of its own.
Specification: https://github.com/prometheus/OpenMetrics, sections on text format and escaping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from fairaudit.report.escape import plain
from fairaudit.report.rows import STATE_WORDS, name_of
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report

Sample = tuple[Mapping[str, str | None], float]


def render(report: Report) -> str:
    """The text, ending with `# EOF`; every sample carries the name of the model."""
    usable = [m for m in report.measurements if m.status == "ok"]
    states = Counter(rule.state for rule in report.gate.rules)
    statuses = Counter(m.status for m in report.measurements)
    families: tuple[tuple[str, str, Iterable[Sample]], ...] = (
        ("fairaudit_estimate", "Estimate of a metric.", _ends(usable, "value")),
        ("fairaudit_interval_low", "Lower end of an interval.", _ends(usable, "low")),
        ("fairaudit_interval_high", "Upper end of an interval.", _ends(usable, "high")),
        ("fairaudit_measurements", "Numbers by status.", [({"status": s}, float(n)) for s, n in statuses.items()]),
        ("fairaudit_rules", "Rules of the gate by state.", [({"state": s}, float(states[s])) for s in STATE_WORDS]),
        ("fairaudit_verdict", "1 for each joint verdict.", _verdicts(report)),
        ("fairaudit_gate_exit_code", "Exit code of the gate; 0 passed.", [({}, float(report.gate.exit_code))]),
        ("fairaudit_images_scored", "Rows that were scored.", [({}, float(report.data.scored))]),
        ("fairaudit_images_excluded", "Rows that were not scored.", [({}, float(len(report.excluded)))]),
    )
    shared = {"model": name_of(report)}
    lines = [line for name, told, samples in families for line in _family(name, told, samples, shared)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def labels(values: Mapping[str, str | None]) -> str:
    r"""A set of labels, those without a value left out.

    >>> labels({"group": 'a"b', "class": None})
    '{group="a\\"b"}'
    """
    told = [f'{name}="{_escaped(value)}"' for name, value in values.items() if value is not None]
    return f"{{{','.join(told)}}}" if told else ""


def _family(name: str, told: str, samples: Iterable[Sample], shared: Mapping[str, str]) -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    yield f"# HELP {name} {told}"
    # Two samples of a family must differ in their labels, and text that was made harmless may not.
    lines = {labels({**shared, **own}): value for own, value in samples}
    yield from (f"{name}{own} {value!r}" for own, value in lines.items())


def _ends(measurements: Iterable[Measurement], field: str) -> Iterator[Sample]:
    for measurement in measurements:
        value = getattr(measurement, field)
        if value is not None:
            yield _subject(measurement), float(value)


def _subject(measurement: Measurement) -> dict[str, str | None]:
    return {
        "audit": measurement.audit,
        "metric": measurement.metric,
        "attribute": measurement.attribute,
        "group": measurement.group,
        "class": measurement.class_,
        "region": measurement.region,
        "method": measurement.method,
        "baseline": measurement.baseline,
    }


def _verdicts(report: Report) -> Iterator[Sample]:
    for found in report.verdicts:
        yield {"attribute": found.attribute, "region": found.region, "verdict": found.verdict}, 1.0


def _escaped(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')
