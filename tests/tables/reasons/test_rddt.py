"""RDDT as measurements, against SciPy and for an unchanged model."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images.means import Labels
from fairaudit.tables.reasons.rddt import rddt_measurements
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

QUESTION = ImageSpec(region="tie", method="lrp", baseline="vanilla")


def test_rows_and_numbers():
    generator = np.random.default_rng(0)
    group = Labels(name="hat", values=("no", "yes"), codes=generator.integers(-1, 2, 80))
    target = Labels(name="y", values=("0", "1"), codes=generator.integers(0, 2, 80))
    adr = generator.normal(0.1, 0.2, 80)
    rows = {row.id: row for row in rddt_measurements(adr, QUESTION, group=group, target=target, tolerance=0.0)}
    assert len(rows) == 2 * (2 + 4)
    own = adr[(group.codes == 1) & (target.codes == 0)]
    name = "attribute=hat/group=yes/class=0/region=tie/method=lrp/baseline=vanilla"
    p = stats.ttest_1samp(own, 0.0, alternative="greater").pvalue
    assert rows[f"roi-metrics/rddt_p/{name}"].value == pytest.approx(p)
    decision = rows[f"roi-metrics/rddt/{name}"]
    assert (decision.value, decision.n) == (float(p < 0.01), len(own))
    assert decision.extra["cohens_d"] == pytest.approx(own.mean() / own.std(ddof=1))
    overall = rddt_measurements(adr, QUESTION, target=target, tolerance=0.0)
    assert [row.class_ for row in overall] == [None, None, "0", "0", "1", "1"]
    assert overall[0].n == 80


def test_unchanged_model_is_not_significant():
    decision, p = rddt_measurements(np.zeros(50), QUESTION)
    assert (decision.value, p.value, decision.extra["cohens_d"]) == (0.0, 1.0, None)


def test_too_few_images_have_a_reason():
    decision, p = rddt_measurements(np.array([0.2, np.nan]), QUESTION)
    assert (decision.value, p.value, decision.status, decision.n) == (None, None, "undefined", 1)
    assert "two images" in decision.reason


def test_small_cells_are_suppressed():
    rows = rddt_measurements(np.full(5, 0.2), ImageSpec(region="tie", statistics=Statistics(min_cell=6)))
    assert [(row.status, row.value, row.n, row.extra) for row in rows] == [("suppressed", None, None, {})] * 2


def test_rows_of_signed_relevance_have_names_of_their_own():
    names = [row.metric for row in rddt_measurements(np.linspace(0, 1, 9), QUESTION, signed=True)]
    assert names == ["rddt_signed", "rddt_p_signed"]
