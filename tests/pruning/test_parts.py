"""Three parts that share nothing, a refusal where they would, and balance by undersampling."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.biased_mnist import plant
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError, UsageError
from fairaudit.pruning.parts import balanced, check_disjoint, divide, joint_of


def column(name, codes, values=None):
    count = max(codes, default=0) + 1
    return Categorical(name=name, values=tuple(values or map(str, range(count))), codes=np.asarray(codes, np.int32))


def manifest(pixels, *, ids=None, target=None, cluster=None, **attributes):
    images = np.asarray(pixels, np.uint8).reshape(-1, 1, 1)
    ids = tuple(ids or (f"row{row}" for row in range(len(images))))
    return Manifest(
        name="t",
        ids=ids,
        source=ArraySource(images=images, names=ids),
        target=column("y", target if target is not None else [row % 2 for row in range(len(images))]),
        attributes={name: column(name, codes) for name, codes in attributes.items()},
        cluster=column("person", cluster) if cluster is not None else None,
        folder=Path(),
    )


@given(st.data())
def test_parts_share_nothing_and_hold_every_row(data):
    count = data.draw(st.integers(12, 40))
    pixels = data.draw(st.lists(st.integers(0, 30), min_size=count, max_size=count))
    cluster = data.draw(st.lists(st.integers(-1, 25), min_size=count, max_size=count))
    whole = manifest(pixels, cluster=cluster)
    try:
        parts = divide(whole, seed=data.draw(st.integers(0, 5)))
    except DataError:
        return  # everything hangs together
    named = {"fit": parts.fit, "choose": parts.choose, "report": parts.report}
    check_disjoint(named)
    assert Counter(id_ for part in named.values() for id_ in part.ids) == Counter(whole.ids)


def test_shares_are_kept_when_nothing_hangs_together():
    parts = divide(manifest(range(100)), seed=0, shares=(0.5, 0.2, 0.3))
    assert [len(part) for part in (parts.fit, parts.choose, parts.report)] == [50, 20, 30]


def test_the_seed_decides():
    whole = manifest(range(50))
    assert divide(whole, seed=1).fit.ids == divide(whole, seed=1).fit.ids
    assert divide(whole, seed=1).fit.ids != divide(whole, seed=2).fit.ids


def test_everything_in_one_cluster_cannot_be_divided():
    with pytest.raises(DataError, match="into 3 parts"):
        divide(manifest(range(9), cluster=[0] * 9), seed=0)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 0.5, 0.5), (1.0, -0.5, 0.5)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(UsageError, match="shares"):
        divide(manifest(range(9)), seed=0, shares=shares)


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (manifest([8, 9], ids=["row1", "x"], cluster=[2, 2]), "1 shared id "),
        (manifest([1, 9], ids=["x", "z"], cluster=[2, 2]), "1 shared image"),
        (manifest([8, 9], ids=["x", "z"], cluster=[1, 2]), "1 shared cluster"),
    ],
    ids=["id", "image", "cluster"],
)
def test_an_overlap_is_refused_and_named(other, kind):
    with pytest.raises(DataError, match="overlap") as told:
        check_disjoint({"fit": manifest([0, 1], cluster=[0, 1]), "report": other})
    assert kind in told.value.paragraph()


def test_the_same_digit_in_two_colours_is_the_same_image():
    digits = manifest([0, 1, 2, 3], target=[0, 1, 0, 1])
    coloured = plant(digits, Bias(rho=1.0), seed=0).take([0, 1])
    other = plant(manifest([3, 1, 5, 6], ids=["a", "b", "c", "d"], target=[1, 0, 0, 1]), Bias(rho=1.0), seed=0)
    assert coloured.source.fingerprint(1) != other.source.fingerprint(1)
    with pytest.raises(DataError, match="1 shared image"):
        check_disjoint({"fit": coloured, "report": other})


def test_balanced_has_every_cell_alike():
    draw = np.random.default_rng(0)
    whole = manifest(
        draw.integers(0, 255, 300),
        target=draw.integers(0, 2, 300),
        a=draw.integers(0, 3, 300),
        b=draw.integers(0, 2, 300),
    )
    found = balanced(whole, ["a", "b"], seed=0)
    cells = Counter(zip(found.target.codes, found.attributes["a"].codes, found.attributes["b"].codes, strict=True))
    assert len(cells) == 12
    assert len(set(cells.values())) == 1
    assert set(found.attributes) == {"a", "b"}
    assert "balanced to" in found.notes[-1]


def test_no_unbiased_image_is_an_error_that_names_the_cells():
    whole = manifest(range(8), target=[0, 0, 0, 0, 1, 1, 1, 1], hat=[0, 0, 1, 1, 1, 1, 1, 1])
    with pytest.raises(DataError, match="no unbiased images") as told:
        balanced(whole, ["hat"], seed=0)
    assert "y=1 hat=0: 0" in told.value.paragraph()


def test_the_joint_is_unknown_where_a_value_is():
    found = joint_of(manifest(range(4), a=[0, 1, 0, 1], b=[0, 0, -1, 1]), ["a", "b"])
    assert found.values == ("0 & 0", "1 & 0", "1 & 1")
    assert found.codes.tolist() == [0, 1, -1, 2]


def test_an_unknown_attribute_gets_a_suggestion():
    with pytest.raises(UsageError, match="Did you mean"):
        joint_of(manifest(range(2), hat=[0, 1]), ["hatt"])
