"""A name comes back from its text, whatever its parts hold, and no two names share one text."""

from hypothesis import example, given
from hypothesis import strategies as st

from fairaudit.engine.names import read, written

awkward = st.text(st.one_of(st.characters(), st.sampled_from('\x1f["')))
names = st.one_of(awkward, st.lists(awkward, min_size=1, max_size=4).map(tuple))


@given(names)
@example("a\x1fb")
@example(("a\x1fb", "c"))
@example(("a",))
@example(("", ""))
@example('"a"')
@example(("[", "a"))
def test_it_comes_back(name):
    assert read(written(name)) == name
    assert type(read(written(name))) is type(name)


def test_ordinary_names_are_written_as_stores_before_wrote_them():
    assert written("row") == "row"
    assert written(("lrp", "necktie", "rrf")) == "lrp\x1fnecktie\x1frrf"
