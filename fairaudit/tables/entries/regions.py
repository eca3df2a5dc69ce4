"""Entries of what models look at in regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entries.causal import CAUSAL, CAUSAL_CHANGES
from fairaudit.tables.entries.flips import FLIP_CHANGES, FLIPS
from fairaudit.tables.entry import MetricEntry, change_of, contrast_of
from fairaudit.tables.range import SHARE, SIGNED_SHARE, UPWARD, Range

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_INVERSE = Range(0.0, words="0 to the inverse of the region's share of the image")
_YES_OR_NO = Range(0.0, 1.0, "0 or 1")
_HALVED = Range(-0.5, 0.5)
_SALIENCY = "Sztukiewicz et al., Fairness for the Right Reasons"
_NO_MAP = "no image with the region has a map that is not constant and has relevance"
_NO_LIFT = f"{_NO_MAP}, or the region is the whole image"
_LOOK = (
    "Look at the overlays. Relevance alone is no proof that the model uses the region: check whether the score changes "
    "with the region's content (swap_effect, causal_excess) before you change data or model."
)
_AUDIT = ("roi-metrics",)


def _map(
    name: str,
    title: str,
    sentence: str,
    range_: Range,
    better: Better,
    source: str,
    *,
    chance: str = "–",
    undefined: str = _NO_MAP,
    advice: str = _LOOK,
) -> MetricEntry:
    return MetricEntry(
        name=name,
        audits=_AUDIT,
        title=title,
        sentence=sentence,
        range=range_,
        better=better,
        chance=chance,
        undefined=undefined,
        source=source,
        advice=advice,
    )


RRF = _map(
    "rrf", "share of relevance in the region",
    "Share of the evidence for the decision, as the attribution method sees it, that lies in the region.",
    SHARE, "lower", f"Σ relevance inside ÷ Σ relevance; {_SALIENCY}, eq. 1",
    chance="the region's share of the image; the row gives the value for the same shape elsewhere",
)  # fmt: skip
LIFT = _map(
    "rrf_lift", "relevance in the region over its size",
    "Relevance in the region, over what an even spread of relevance would put there; 1 means no more than elsewhere.",
    _INVERSE, "lower", f"rrf ÷ area_share; after {_SALIENCY}, eq. 1",
    chance="1", undefined=_NO_LIFT,
)  # fmt: skip
LIFT_ABSOLUTE = _map(
    "rrf_lift_absolute", "relevance of either sign in the region over its size",
    "Relevance in the region, evidence for and against the class alike, over what an even spread would put there; 1 "
    "means no more than elsewhere.",
    _INVERSE, "lower",
    f"Σ|relevance| inside ÷ Σ|relevance| ÷ area_share; after {_SALIENCY}, eq. 1", chance="1",
    undefined=_NO_LIFT,
)  # fmt: skip
RELEVANCE = (
    RRF,
    LIFT,
    LIFT_ABSOLUTE,
    _map(
        "high_relevance_fraction", "share of the region that is highly relevant",
        "Share of the region's pixels whose relevance is above a tenth of the largest relevance in the image.",
        SHARE, "lower", "pixels of the region above 0.1 · largest relevance ÷ pixels of the region",
        chance="the value for the same shape elsewhere, which is in the row",
    ),
    _map(
        "inside_outside_ratio", "mean relevance inside over outside",
        "Mean relevance of a pixel inside the region over that of a pixel outside; 1 means no difference.",
        UPWARD, "lower", "mean relevance inside ÷ mean relevance outside", chance="1",
        undefined="no image with the region has a map that is not constant and has relevance outside the region",
    ),
    _map(
        "pointing_game", "share of images whose most relevant pixel is in the region",
        "Share of images whose most relevant pixel lies in the region.",
        SHARE, "lower", "Zhang et al. (2018), excitation backprop",
        chance="the region's share of the image; the row gives the value for the same shape elsewhere",
    ),
    _map(
        "rank_accuracy", "share of the most relevant pixels in the region",
        "Of the most relevant pixels, as many as the region has, the share that lies in the region.",
        SHARE, "lower", "relevance rank accuracy; Arras et al. (2022)",
        chance="the region's share of the image; the row gives the value for the same shape elsewhere",
    ),
    _map(
        "area_share", "size of the region", "Share of the image's pixels that the region covers, in images that have "
        "the region.",
        SHARE, "none", "pixels of the region ÷ pixels of the image", undefined="no image has the region",
        advice="Check it against the overlay: with a region of the wrong size every number here is about other pixels.",
    ),
    _map(
        "signed_share", "balance of evidence in the region",
        "Evidence in the region for the explained class minus evidence against it, as a share of all relevance.",
        SIGNED_SHARE, "none", "Σ relevance inside ÷ Σ|relevance|",
        undefined="no image with the region has a map that is not constant",
        advice="Compare it between groups (signed_share_contrast): by itself it does not say that the model uses the "
        "region.",
    ),
)  # fmt: skip
CUE = _map(
    "cue_alignment", "evidence that depends on group and class together",
    "How much the evidence in the region depends on group and class together, beyond what the group changes in all "
    "classes alike; 0 where the content of each group is the same evidence for a class.",
    Range(0.0, words="0 and up, in units of the evidence in an image"), "lower",
    "largest interaction of group and class in signed_share, for two of each |C₁ − C₀| / 2, divided by the method's "
    "mean evidence per image",
    chance="0", undefined="no two groups have images of the same two classes, or maps explain another class than the "
    "image's own",
    advice="Where this and swap_effect are above their limits, the model uses the attribute shown in the region: "
    "balance "
    "the training data or mitigate.",
)  # fmt: skip
AGAINST_BASELINE = (
    _map(
        "adr", "fall of relevance in the region against the baseline",
        "Relevance of the region's pixels, for or against the class, in the baseline model's map minus that in this "
        "model's map, on average; above 0 means less relevance now.",
        _HALVED, "higher", f"average difference of |R| / 2 max|R|; {_SALIENCY}, eq. 2 with |R| for R", chance="0",
        undefined="no image has maps of both models that are not constant",
        advice="Look at its interval and at the relevance in the baseline's maps: a fall can be significant and too "
        "small to "
        "matter.",
    ),
    _map(
        "dif", "share of the region whose relevance fell",
        "Share of the region's pixels with less relevance, for or against the class, than in the baseline model's map.",
        SHARE, "higher", f"decreased intensity fraction of |R| / 2 max|R|; {_SALIENCY}, eq. 3 with |R| for R",
        undefined="no image has maps of both models that are not constant",
        advice="Compare adr: each of many pixels can fall by very little.",
    ),
)  # fmt: skip
_TEST = "fewer than two images (or clusters) have a map of both models"
RDDT = (
    _map(
        "rddt", "whether relevance in the region fell",
        "1 where a test finds that relevance in the region fell against the baseline model, 0 where it does not.",
        _YES_OR_NO, "higher", f"rectangle difference distribution test, p < 0.01; {_SALIENCY}, eq. 4", chance="0.01",
        undefined=_TEST,
        advice="With many images very small falls are significant: look at mean_difference and cohens_d in the row.",
    ),
    _map(
        "rddt_p", "p value of that test",
        "Probability of a fall of relevance in the region as large as this one or larger if the two models were alike.",
        SHARE, "lower", f"one-sided t test of adr per image; {_SALIENCY}, eq. 4", chance="evenly spread over 0 to 1",
        undefined=_TEST,
        advice="With many images very small falls are significant: look at mean_difference and cohens_d in the row.",
    ),
)  # fmt: skip
_SIGNED = (
    "Read it per group and class. Where the group usually goes with the class, a fall means less reliance; where it "
    "does "
    "not, a rise does. Over all groups and classes the two cancel, so there is no such number."
)
SIGNED = (
    _map(
        "adr_signed", "fall of evidence for the class in the region against the baseline",
        "Evidence of the region's pixels for the class in the baseline model's map minus that in this model's map, on "
        "average over the images of one group and class.",
        SIGNED_SHARE, "none", f"average difference of (R + max|R|) / 2 max|R|; {_SALIENCY}, eq. 2", chance="0",
        undefined="no image of the group and class has maps of both models that are not constant", advice=_SIGNED,
    ),
    _map(
        "dif_signed", "share of the region with less evidence for the class",
        "Share of the region's pixels with less evidence for the class than in the baseline model's map, over the "
        "images "
        "of one group and class.",
        SHARE, "none", f"decreased intensity fraction; {_SALIENCY}, eq. 3",
        undefined="no image of the group and class has maps of both models that are not constant", advice=_SIGNED,
    ),
    _map(
        "rddt_signed", "whether the region's evidence for the class fell",
        "1 where a test finds less evidence for the class in the region than in the baseline model's maps, 0 where it "
        "does not; over the images of one group and class.",
        _YES_OR_NO, "none", f"rectangle difference distribution test, p < 0.01; {_SALIENCY}, eq. 4", chance="0.01",
        undefined=_TEST, advice=_SIGNED,
    ),
    _map(
        "rddt_p_signed", "p value of that test",
        "Probability of a fall of the region's evidence for the class as large as this one or larger if the two models "
        "were alike; over the images of one group and class.",
        SHARE, "none", f"one-sided t test of adr_signed per image; {_SALIENCY}, eq. 4",
        chance="evenly spread over 0 to 1", undefined=_TEST, advice=_SIGNED,
    ),
)  # fmt: skip
_NONE = "no window differs enough from chance, or the maps cannot be relied on"
_WINDOW = (
    "Look at what the window shows in the figure. If it has nothing to do with the task, name it as a region and audit "
    "that region."
)


def _window(name: str, title: str, sentence: str, source: str, range_: Range = SHARE) -> MetricEntry:
    return _map(
        name, title, sentence, range_, "none", source,
        chance="the p value compares with the largest of all windows by chance", undefined=_NONE, advice=_WINDOW,
    )  # fmt: skip


_MAXT = (
    "η², the share of the variance within target values that groups explain; p value against the largest of all "
    "windows when groups are permuted (max-T, Westfall and Young, 1993)"
)
DISCOVERY = (
    _window(
        "discovery",
        "window whose relevance differs between groups",
        "A window, found without a named region, whose relevance differs between groups and where another group's "
        "content changes the score.",
        _MAXT,
    ),
    _window(
        "discovery_unconfirmed",
        "window whose relevance differs, without effect on the score",
        "A window whose relevance differs between groups, but where no change of the score with another group's "
        "content "
        "was found: no evidence that the model uses it.",
        _MAXT,
    ),
    _window(
        "discovery_alignment",
        "window whose signed relevance goes with the group",
        "A window, found without a named region, whose evidence for the class differs between images whose group "
        "usually "
        "goes with their target value and others, and where another group's content changes the score.",
        _MAXT,
    ),
    _window(
        "discovery_alignment_unconfirmed",
        "window whose signed relevance goes with the group, without effect on the score",
        "The same, but no change of the score with another group's content was found: no evidence that the model uses "
        "it.",
        _MAXT,
    ),
    _window(
        "concentration",
        "window in which relevance is concentrated",
        "A window with far more relevance than an even spread would put there.",
        "standardized mean share of relevance of a window; p value against the largest of all windows by chance",
        UPWARD,
    ),
)


_MAP_CHANGES = tuple(
    change_of(entry, advice="Below 0, this model has less relevance in the region than the baseline.")
    for entry in (RRF, LIFT, LIFT_ABSOLUTE)
)
_PER_IMAGE = (*RELEVANCE, *AGAINST_BASELINE, *_MAP_CHANGES, *CAUSAL, *CAUSAL_CHANGES, *FLIPS, *FLIP_CHANGES)
REGIONS = (*_PER_IMAGE, *(contrast_of(entry) for entry in _PER_IMAGE), CUE, *RDDT, *SIGNED, *DISCOVERY)
"""Everything about regions, causes and flips."""
