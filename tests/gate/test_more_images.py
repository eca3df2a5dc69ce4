import pytest

from fairaudit.gate.more_images import MoreImages, cell_in_words, group_named, images_in_words, kind_of
from fairaudit.measures.counts.disparities import DISPARITIES
from fairaudit.measures.counts.rates import RATES
from fairaudit.results.measurement import Measurement


def gap(metric, rate, class_, *, groups=2, rates=1, attribute="necktie"):
    facts = {"rate": rate, "class": class_, "highest": "1", "lowest": "0", "highest_n": 70.0, "lowest_n": 900.0}
    facts |= {"groups_compared": groups, "rates_compared": rates}
    return Measurement(audit="fairness", metric=metric, attribute=attribute, value=0.1, extra=facts)


@pytest.mark.parametrize(
    ("metric", "rate", "class_", "sizes", "sentence"),
    [
        (
            "equal_opportunity_difference", "tpr", "smiling", {},
            "About 625 more images of group necktie=1 whose label is smiling (70 now, 695 then) would decide it in "
            "about four of five cases.",
        ),
        (
            "equalized_odds_difference", "fpr", "1", {"rates": 2},
            "About 625 more images of group necktie=1 whose label is not 1 (70 now, 695 then) would decide it in about "
            "four of five cases, provided that each group then has at least 695 images of each label.",
        ),
        (
            "demographic_parity_difference", "selection_rate", "1", {"groups": 3},
            "About 625 more images of group necktie=1 (70 now, 695 then) would decide it in about four of five cases, "
            "provided that every other group compared then has at least 695 images.",
        ),
        (
            "predictive_parity_difference", "ppv", "cat", {"rates": 3, "groups": 3},
            "About 625 more images of group necktie=1 predicted as cat (70 now, 695 then) would decide it in about "
            "four of five cases, provided that each group then has at least 695 images predicted as each class.",
        ),
        (
            "tpr_difference", "tpr", "1", {"groups": 3, "attribute": "sex & age"},
            "About 625 more images of group sex & age=1 whose label is 1 (70 now, 695 then) would decide it in about "
            "four of five cases, provided that every other group compared then has at least 695 images whose label "
            "is 1.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_says_which_images_count(metric, rate, class_, sizes, sentence):
    images = MoreImages(group="1", rate=rate, class_=class_, now=70.0, more=625)
    assert images_in_words(gap(metric, rate, class_, **sizes), images) == sentence


def test_the_larger_group_is_named_where_it_needs_as_many():
    images = MoreImages(group="1", rate="tpr", class_="1", now=70.0, more=1625, others=["0"])
    found = images_in_words(gap("tpr_difference", "tpr", "1"), images)
    assert "(70 now, 1,695 then; group necktie=0 needs 1,695 too) would" in found
    several = gap("equalized_odds_difference", "tpr", "1", rates=2)
    found = images_in_words(several, images)
    assert "needs" not in found  # the last clause says it of every group


def test_the_cell_says_what_it_has_now():
    assert cell_in_words(gap("x", "ppv", "1"), prefix="", side="lowest") == "group necktie=0 predicted as 1 (900 now)"


def test_no_metric_id_stands_where_images_are_named():
    for name in (*RATES, "accuracy"):
        assert name not in kind_of(name, "necktie")
    assert {rate for spec in DISPARITIES for rate in DISPARITIES[spec].rates} <= {*RATES, "accuracy"}


def test_parts_that_do_not_fit_are_named_as_a_whole():
    assert group_named("sex & age", "f") == "sex & age=f"
