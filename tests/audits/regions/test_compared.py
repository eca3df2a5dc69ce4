"""Which rows two models' relevance gets: absolute over everything, signed per cell only."""

import numpy as np

from fairaudit.audits.core.study.rows import Rows
from fairaudit.audits.regions.compared import COMPARED, SIGNED, compared_rows
from fairaudit.measures.images.means import Labels
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics


def test_signed_measures_have_rows_of_cells_and_of_nothing_else():
    generator = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), 10)
    rows = Rows(
        target=Labels(name="smile", values=("0", "1"), codes=codes % 2),
        groups=[Labels(name="tie", values=("no", "yes"), codes=codes // 2)],
        clusters=None,
    )
    change = {name: generator.normal(size=40) for name in ("adr", "dif", *SIGNED)}
    own, other = ({name: generator.normal(size=40) for name in COMPARED} for _ in range(2))
    asked = ImageSpec(region="tie", method="lrp", baseline="old", statistics=Statistics(replicates=100))
    found = list(compared_rows(change, own, other, asked, rows))
    for metric in (*SIGNED, "rddt_signed", "rddt_p_signed"):
        cells = [(row.group, row.class_) for row in found if row.metric == metric]
        assert sorted(cells) == [("no", "0"), ("no", "1"), ("yes", "0"), ("yes", "1")]
    assert len([row for row in found if row.metric == "adr"]) == 1 + 2 + 2 + 4
    cell = next(row for row in found if row.metric == "adr_signed" and (row.group, row.class_) == ("yes", "1"))
    assert cell.value == change["adr_signed"][codes == 3].mean()
    overall = next(row for row in found if row.metric == "rrf_change" and row.group is None and row.class_ is None)
    np.testing.assert_allclose(overall.value, (own["rrf"] - other["rrf"]).mean())
