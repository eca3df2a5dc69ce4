"""The one registry of metrics: every number that a report can hold, in words that need no knowledge of the papers.

Names that gates may use, which way is better, `fairaudit explain`, tooltips, glossaries and the tables of the READMEs
all come from here. A row of another name cannot be written (`fairaudit.tables.row`). The texts are in
`fairaudit/tables/entries`, one file per family.
"""

from __future__ import annotations

from dataclasses import replace

from fairaudit.registry import Registry
from fairaudit.tables.entries.alignment import ALIGNMENT, RECTIFICATION
from fairaudit.tables.entries.coverage import COVERAGE
from fairaudit.tables.entries.data import DATA
from fairaudit.tables.entries.disparities import CHANGES, COMPARING
from fairaudit.tables.entries.groups import GROUP_CHANGES, GROUPS
from fairaudit.tables.entries.mitigation import MITIGATION
from fairaudit.tables.entries.regions import REGIONS
from fairaudit.tables.entries.runs import PRUNING, SELFTEST
from fairaudit.tables.entries.saliency import SALIENCY
from fairaudit.tables.entries.swap import SWAP
from fairaudit.tables.entry import MetricEntry

_ENTRIES = (
    *GROUPS,
    *COMPARING,
    *GROUP_CHANGES,
    *CHANGES,
    *DATA,
    *REGIONS,
    *SWAP,
    *SALIENCY,
    *ALIGNMENT,
    *RECTIFICATION,
    *PRUNING,
    *MITIGATION,
    *SELFTEST,
)
METRICS: Registry[MetricEntry] = Registry(
    "metric", [(entry.name, replace(entry, coverage=COVERAGE.get(entry.name))) for entry in _ENTRIES]
)
"""Name → entry, in the order of reports."""


RENAMED = {
    "worst_group_accuracy": "Write worst_cell_accuracy (attribute × target value, what the literature calls worst "
    "group) or worst_attribute_group_accuracy (over all target values, what it was)."
}
"""Names that reports no longer have → what to write instead."""


def metric(name: str) -> MetricEntry:
    """The entry of a metric.

    Raises:
        UsageError: no metric has this name; the nearest one is suggested.

    >>> metric("tpr").sentence
    'Share of the images of the class that the model predicts as the class.'
    >>> metric("trp")
    Traceback (most recent call last):
    fairaudit.errors.UsageError: There is no metric called "trp". Did you mean "tpr"?
    """
    return METRICS[name]


def audits() -> tuple[str, ...]:
    """Names of the audits that measure something, in the order of the registry.

    >>> audits()[:5]
    ('fairness', 'roi-metrics', 'counterfactual', 'swap', 'saliency')
    >>> audits()[5:]
    ('cf-align', 'cf-rectify', 'prune', 'mitigate', 'selftest')
    """
    return tuple(dict.fromkeys(METRICS[name].audit for name in METRICS))


def of_audit(audit: str) -> tuple[MetricEntry, ...]:
    """The entries of the metrics that an audit measures, in their order; none for an unknown audit.

    >>> [entry.name for entry in of_audit("cf-align")][:3]
    ['relative_change', 'relative_change_ratio_of_sums', 'base_change']
    """
    return tuple(METRICS[name] for name in METRICS if audit in METRICS[name].audits)


def names_of(*audits: str) -> frozenset[str]:
    """Names of the metrics that these audits measure: what gate rules may name there.

    >>> sorted(names_of("cf-align"))[0], "relative_change" in names_of("cf-align"), "tpr" in names_of("cf-align")
    ('base_change', True, False)
    """
    return frozenset(entry.name for audit in audits for entry in of_audit(audit))
