"""A conditional VAE and a manifest that belong together, by name and by value."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.generator.fitting import _check_labels, conditions_of
from fairaudit.data.categorical import Categorical
from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.cvae import CvaeSettings


def model(**settings):
    known = {"target_name": "y", "attribute_name": "tie", "more": (("hat", ("a", "b", "c")),)}
    return SimpleNamespace(settings=CvaeSettings(**{**known, **settings}))


def manifest():
    def column(name, values):
        return Categorical(name=name, values=values, codes=np.zeros(1, np.int32))

    attributes = {"tie": column("tie", ("0", "1")), "hat": column("hat", ("a", "b", "c"))}
    return SimpleNamespace(target=column("y", ("0", "1")), attributes=attributes, name="t")


def test_names_of_its_conditions():
    assert conditions_of(model(), ["hat"]) == ("tie", "hat")
    assert conditions_of(model(attribute_name="", more=()), ["hat"]) == ("hat",)  # from before names were kept
    _check_labels(Path("g"), ["tie", "hat"], manifest(), model())


@pytest.mark.parametrize(
    ("moved", "settings", "words"),
    [
        (["hat"], {"more": ()}, "another attribute"),
        (["tie"], {"target_name": "z"}, "another target.*Wanted: y.*Found: z"),
        (["tie"], {"target": ("no", "yes")}, "another target"),
        (["tie"], {"more": (("hat", ("a", "b")),)}, "another attribute.*a, b, c"),
    ],
)
def test_other_labels_are_refused(moved, settings, words):
    with pytest.raises(ModelError, match=words):
        _check_labels(Path("g"), moved, manifest(), model(**settings))


def test_a_condition_that_the_manifest_lacks():
    with pytest.raises(UsageError, match="conditioned on beard"):
        _check_labels(Path("g"), ["tie"], manifest(), model(more=(("beard", ("0", "1")),)))
