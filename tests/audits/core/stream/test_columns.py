"""Names of columns are taken apart as they were put together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.audits.core.stream.columns import SEPARATOR, column, under

parts = st.lists(st.text(st.characters(blacklist_characters=SEPARATOR), min_size=1), min_size=2, max_size=4)


@given(parts)
def test_every_prefix_finds_the_rest(names):
    table = {column(*names): np.zeros(1), column("another", "place"): np.ones(1)}
    for length in range(1, len(names)):
        found = under(table, *names[:length])
        rest = column(*names[length:])
        assert rest in found or names[0] == "another"


def test_a_part_that_begins_alike_is_another():
    assert under({column("lrp_plus", "tie"): np.zeros(1)}, "lrp") == {}
