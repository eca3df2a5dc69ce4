"""Names of columns are taken apart as they were put together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.audits.core.stream.columns import below, column, under

parts = st.lists(st.text(), min_size=2, max_size=4)


@given(parts)
def test_every_prefix_finds_the_rest(names):
    table = {column(*names): np.zeros(1), column(*names, "more"): np.ones(1), names[0]: np.ones(1)}
    for length in range(1, len(names)):
        rest = names[length] if length == len(names) - 1 else column(*names[length:])
        assert below(table, *names[:length])[rest] == 0
    assert under(table, *names[:-1]) == {names[-1]: 0}


def test_a_part_that_begins_alike_is_another():
    assert below({column("lrp_plus", "tie"): np.zeros(1)}, "lrp") == {}
    assert below({"lrp": np.zeros(1)}, "lrp") == {}


@given(parts)
def test_a_name_goes_into_another(names):
    assert column("before", column(*names)) == ("before", *names)
