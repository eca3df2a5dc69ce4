"""Tables of per-image numbers: one row over all images and one per group of every attribute."""

import numpy as np

from fairaudit.audits.core.study.rows import Rows
from fairaudit.audits.core.study.tabled import marked, tables
from fairaudit.measures.images.means import Labels
from fairaudit.tables.specs import ImageSpec

GROUPS = Labels(name="hat", values=("no", "yes"), codes=np.array([0, 0, 0, 1, 1, 1], np.int32))
ROWS = Rows(target=None, groups=[GROUPS], clusters=None)
VALUES = np.array([0.1, 0.2, 0.3, 0.5, 0.6, 0.7])


def found(**fields):
    rows = tables({"rrf": VALUES}, ImageSpec(region="tie", method="lrp"), ROWS)
    return {m.group: m for m in rows if m.metric == "rrf"}


def test_means_over_all_and_per_group():
    means = {group: round(m.value, 12) for group, m in found().items()}
    assert means == {None: 0.4, "no": 0.2, "yes": 0.6}


def test_what_failed_its_trial_is_marked_and_nothing_else():
    row = found()[None]
    assert marked(row, {"other": "why"}) == row
    failed = marked(row, {"lrp": "maps survive randomisation"})
    assert failed.status == "unusable"
    assert "maps survive randomisation" in failed.reason
