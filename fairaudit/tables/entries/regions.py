"""Entries of what models look at in regions, and of what replacing a region or flipping an attribute changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of, contrast_of

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_SALIENCY = "Sztukiewicz et al., Fairness for the Right Reasons"
_NO_MAP = "no image with the region has a map with relevance in it that differs from pixel to pixel"
_NO_LIFT = f"{_NO_MAP}, or the region is the whole image"
_LOOK = (
    "Look at the overlays. Relevance alone proves nothing: see whether replacing the region changes the score "
    "(causal_excess), and only then change data or model."
)
_AUDIT = ("roi-metrics",)


def _map(
    name: str,
    title: str,
    sentence: str,
    range_: str,
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
    "Share of everything that speaks for the decision, as the attribution method sees it, that lies in the region.",
    "0 to 1", "lower", f"Σ relevance inside ÷ Σ relevance; {_SALIENCY}, eq. 1",
    chance="the region's share of the image; the row has that of the same shape elsewhere",
)  # fmt: skip
LIFT = _map(
    "rrf_lift", "relevance in the region over its size",
    "How many times more relevance lies in the region than its size alone would give; 1 means no more than anywhere.",
    "0 to the inverse of the region's share of the image", "lower", f"rrf ÷ area_share; after {_SALIENCY}, eq. 1",
    chance="1", undefined=_NO_LIFT,
)  # fmt: skip
LIFT_ABSOLUTE = _map(
    "rrf_lift_absolute", "relevance of either sign in the region over its size",
    "How many times more relevance, for or against the class, lies in the region than its size alone would give; 1 "
    "means no more than anywhere.",
    "0 to the inverse of the region's share of the image", "lower",
    f"Σ|relevance| inside ÷ Σ|relevance| ÷ area_share; after {_SALIENCY}, eq. 1", chance="1",
    undefined=_NO_LIFT,
)  # fmt: skip
RELEVANCE = (
    RRF,
    LIFT,
    LIFT_ABSOLUTE,
    _map(
        "high_relevance_fraction", "share of the region that is highly relevant",
        "Share of the region's pixels with more than a tenth of the image's largest relevance.",
        "0 to 1", "lower", "pixels of the region above 0.1 · largest relevance ÷ pixels of the region",
        chance="that of the same shape elsewhere, which is in the row",
    ),
    _map(
        "inside_outside_ratio", "mean relevance inside over outside",
        "Mean relevance of a pixel in the region over that of a pixel outside it; 1 means no difference.",
        "0 and up", "lower", "mean relevance inside ÷ mean relevance outside", chance="1",
        undefined="no image with the region has a map with relevance outside it that differs from pixel to pixel",
    ),
    _map(
        "pointing_game", "share of images whose most relevant pixel is in the region",
        "How often the single most relevant pixel of an image lies in the region.",
        "0 to 1", "lower", "Zhang et al. (2018), excitation backprop",
        chance="the region's share of the image; the row has that of the same shape elsewhere",
    ),
    _map(
        "rank_accuracy", "share of the most relevant pixels in the region",
        "Of as many most relevant pixels as the region has, the share that lies in it.",
        "0 to 1", "lower", "relevance rank accuracy; Arras et al. (2022)",
        chance="the region's share of the image; the row has that of the same shape elsewhere",
    ),
    _map(
        "area_share", "size of the region", "Share of the image's pixels that the region covers, where it is there.",
        "0 to 1", "none", "pixels of the region ÷ pixels of the image", undefined="no image has the region",
        advice="Check it against the overlay: a region of the wrong size makes every number here one about other "
        "pixels.",
    ),
    _map(
        "signed_share", "balance of evidence in the region",
        "Evidence in the region for the explained class less that against it, as a share of all relevance.",
        "−1 to 1", "none", "Σ relevance inside ÷ Σ|relevance|",
        undefined="no image with the region has a map that differs from pixel to pixel",
        advice="Read its contrast between groups: by itself it says that something is there, not that it is used.",
    ),
)  # fmt: skip
CUE = _map(
    "cue_alignment", "evidence that depends on group and class together",
    "How much more the region speaks for the class that a group goes with than for the others, beyond what the group "
    "changes alike in all classes; a model to which the group's content is the same evidence has 0.",
    "0 and up, in units of the evidence in an image", "lower",
    "largest interaction of group and class in signed_share, for two of each |C₁ − C₀| / 2, divided by the method's "
    "mean evidence per image",
    chance="0", undefined="no two groups have images of the same two classes, or what is explained is not the image's "
    "own class",
    advice="Above its limit together with swap_effect the model uses the attribute as it shows in the region: balance "
    "the data or mitigate.",
)  # fmt: skip
AGAINST_BASELINE = (
    _map(
        "adr", "fall of relevance in the region against the baseline",
        "How much less relevance, for the class or against it, a pixel of the region has than in the baseline model's "
        "map, on average; above 0 means less reliance.",
        "−0.5 to 0.5", "higher", f"average difference of |R| / 2 max|R|; {_SALIENCY}, eq. 2 with |R| for R", chance="0",
        undefined="no image has maps of both models that differ from pixel to pixel",
        advice="Read it with its interval and with the baseline's own relevance: a tiny fall can be certain and mean "
        "nothing.",
    ),
    _map(
        "dif", "share of the region whose relevance fell",
        "Share of the region's pixels that are less relevant, for the class or against it, than in the baseline's map.",
        "0 to 1", "higher", f"decreased intensity fraction of |R| / 2 max|R|; {_SALIENCY}, eq. 3 with |R| for R",
        undefined="no image has maps of both models that differ from pixel to pixel",
        advice="Read adr beside it: many pixels can each fall by next to nothing.",
    ),
)  # fmt: skip
_TEST = "fewer than two images (or clusters) have a map of both models"
RDDT = (
    _map(
        "rddt", "whether relevance in the region fell",
        "1 where a test finds that relevance in the region fell against the baseline model, 0 where it does not.",
        "0 or 1", "higher", f"rectangle difference distribution test, p < 0.01; {_SALIENCY}, eq. 4", chance="0.01",
        undefined=_TEST,
        advice="With many images any trifle is significant: judge by mean_difference and cohens_d in the row.",
    ),
    _map(
        "rddt_p", "p value of that test",
        "Probability of a fall this large, or larger, of relevance in the region if the two models were alike.",
        "0 to 1", "lower", f"one-sided t test of adr per image; {_SALIENCY}, eq. 4", chance="evenly spread over 0 to 1",
        undefined=_TEST,
        advice="With many images any trifle is significant: judge by mean_difference and cohens_d in the row.",
    ),
)  # fmt: skip
_SIGNED = (
    "Read it per cell: where the group goes with the class, a fall is less reliance; where it goes against it, a rise "
    "is. Over all cells the two cancel, so only cells have it."
)
SIGNED = (
    _map(
        "adr_signed", "fall of evidence for the class in the region against the baseline",
        "How much less a pixel of the region speaks for the class than in the baseline's map, on average over the "
        "images of one group and class.",
        "−1 to 1", "none", f"average difference of (R + max|R|) / 2 max|R|; {_SALIENCY}, eq. 2", chance="0",
        undefined="no image of the cell has maps of both models that differ from pixel to pixel", advice=_SIGNED,
    ),
    _map(
        "dif_signed", "share of the region that speaks less for the class",
        "Share of the region's pixels that speak less for the class than in the baseline's map, over the images of one "
        "group and class.",
        "0 to 1", "none", f"decreased intensity fraction; {_SALIENCY}, eq. 3",
        undefined="no image of the cell has maps of both models that differ from pixel to pixel", advice=_SIGNED,
    ),
    _map(
        "rddt_signed", "whether the region's evidence for the class fell",
        "1 where a test finds that the region speaks less for the class than in the baseline model's maps, 0 where it "
        "does not, over the images of one group and class.",
        "0 or 1", "none", f"rectangle difference distribution test, p < 0.01; {_SALIENCY}, eq. 4", chance="0.01",
        undefined=_TEST, advice=_SIGNED,
    ),
    _map(
        "rddt_p_signed", "p value of that test",
        "Probability of a fall this large, or larger, of the region's evidence for the class if the two models were "
        "alike, over the images of one group and class.",
        "0 to 1", "none", f"one-sided t test of adr_signed per image; {_SALIENCY}, eq. 4",
        chance="evenly spread over 0 to 1", undefined=_TEST, advice=_SIGNED,
    ),
)  # fmt: skip
_NONE = "no window stands out from chance by enough, or maps may not be relied on"
_WINDOW = "Look at what the window shows in the figure; if it is a cue, name it as a region and audit that."


def _window(name: str, title: str, sentence: str, source: str, range_: str = "0 to 1") -> MetricEntry:
    return _map(
        name, title, sentence, range_, "none", source,
        chance="the p value is against the largest of all windows by chance", undefined=_NONE, advice=_WINDOW,
    )  # fmt: skip


_MAXT = (
    "η², the share of the variance within target values that groups explain; p value against the largest of all "
    "windows when groups are permuted (max-T, Westfall and Young, 1993)"
)
DISCOVERY = (
    _window(
        "discovery",
        "window whose relevance differs between groups",
        "A place, found by itself, where relevance differs between groups and putting another group's content there "
        "changes the score.",
        _MAXT,
    ),
    _window(
        "discovery_unconfirmed",
        "window whose relevance differs, without effect on the score",
        "A place where relevance differs between groups but another group's content is not shown to change the score: "
        "no sign of reliance.",
        _MAXT,
    ),
    _window(
        "discovery_alignment",
        "window whose signed relevance goes with the group",
        "A place, found by itself, where the evidence for the class differs between images whose group fits their "
        "target value and others, and another group's content changes the score.",
        _MAXT,
    ),
    _window(
        "discovery_alignment_unconfirmed",
        "window whose signed relevance goes with the group, without effect on the score",
        "The same where another group's content is not shown to change the score: no sign of reliance.",
        _MAXT,
    ),
    _window(
        "concentration",
        "window in which relevance is concentrated",
        "A place in which the maps put far more relevance than its size would give.",
        "standardized mean share of relevance of a window; p value against the largest of all windows by chance",
        "0 and up",
    ),
)
_NO_PAIR = "no image has the region and a version with it replaced"
_CAUSE = (
    "Above the tolerance the model depends on what is there. If that is no part of the task, take the cue out of the "
    "training data or balance it, and audit again."
)


def _cause(
    name: str,
    title: str,
    sentence: str,
    range_: str,
    better: Better,
    source: str,
    *,
    chance: str = "that of the control regions, which is in the row",
    undefined: str = _NO_PAIR,
    advice: str = _CAUSE,
) -> MetricEntry:
    return _map(
        name, title, sentence, range_, better, source, chance=chance, undefined=undefined, advice=advice
    )  # fmt: skip


_CONTROL = "What replacing a place of the same shape elsewhere in the image does; the yardstick, not a finding."
CAUSAL = (
    _cause(
        "causal_effect", "change of the score when the region is replaced",
        "Score of the class as it is less that with the region's content replaced; above 0 means that the content "
        "speaks for the class.",
        "−1 to 1", "none", "mean of F(x) − F(x with the region filled)",
    ),
    _cause(
        "causal_effect_control", "the same change for other places", _CONTROL, "−1 to 1", "none",
        "mean over control regions of F(x) − F(x with it filled)", chance="–",
    ),
    _cause(
        "causal_positive", "change of the positive class's score when the region is replaced",
        "The same for the positive class whatever the image's target value, so that groups can be compared.",
        "−1 to 1", "none", "mean of P(positive | x) − P(positive | x with the region filled)",
    ),
    _cause(
        "causal_positive_control", "the same change for other places", _CONTROL, "−1 to 1", "none",
        "mean over control regions of P(positive | x) − P(positive | x with it filled)", chance="–",
    ),
    _cause(
        "causal_shift", "size of the change of the score when the region is replaced",
        "How far the score moves when the region's content is replaced, up or down alike.",
        "0 to 1", "lower", "mean of ½ Σ|p(x) − p(x with the region filled)|",
    ),
    _cause(
        "causal_shift_control", "the same size for other places", _CONTROL, "0 to 1", "none",
        "mean over control regions of ½ Σ|p(x) − p(x with it filled)|", chance="–",
    ),
    _cause(
        "causal_excess", "effect of the region beyond that of other places",
        "How much further the score moves when this region is replaced than when a place of the same shape elsewhere "
        "is; 0 means the region is like any other place.",
        "−1 to 1", "lower", "mean of |Δ region| − mean |Δ control regions|", chance="0",
        undefined=f"{_NO_PAIR}, or there is no room for a control region",
    ),
    _cause(
        "causal_flip", "share of decisions that change when the region is replaced",
        "How often the decision changes when the region's content is replaced.",
        "0 to 1", "lower", "share of images with another decision after the fill",
    ),
    _cause(
        "causal_flip_control", "the same share for other places", _CONTROL, "0 to 1", "none",
        "mean over control regions of the share of changed decisions", chance="–",
    ),
)  # fmt: skip
CAUSAL_CHANGES = tuple(
    change_of(entry, advice="Below 0 this model depends less on the region than the baseline does.")
    for entry in CAUSAL
    if entry.name in ("causal_shift", "causal_excess", "causal_flip")
)
_FLIP = (
    "Above the tolerance the model decides by the attribute itself or by what goes along with it: look at the flipped "
    "pictures, then balance the data or mitigate."
)


def _flip(name: str, title: str, sentence: str, range_: str, better: Better, source: str) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("counterfactual",), title=title, sentence=sentence, range=range_, better=better, chance="0",
        undefined="no image has a version with the attribute flipped", source=source, advice=_FLIP,
    )  # fmt: skip


FLIPS = (
    _flip(
        "attribute_flip_effect", "change of the score when the attribute is flipped",
        "How far the score moves, up or down alike, when nothing but the attribute is changed in the picture.",
        "0 to 1", "lower", "mean of ½ Σ|p(x) − p(x flipped)|; Qiang et al. (IJCAI 2022), eq. 3, per image",
    ),
    _flip(
        "attribute_flip_signed", "signed change of the score when the attribute is flipped",
        "Probability of the last target value as the picture is, less that with nothing but the attribute changed.",
        "−1 to 1", "none", "mean of P(last value | x) − P(last value | x flipped)",
    ),
    _flip(
        "attribute_flip_rate", "share of decisions that change when the attribute is flipped",
        "How often the decision changes when nothing but the attribute is changed in the picture.",
        "0 to 1", "lower", "share of images with another decision after the flip",
    ),
)  # fmt: skip
FLIP_CHANGES = tuple(
    change_of(entry, advice="Below 0 this model depends less on the attribute than the baseline does.")
    for entry in FLIPS
    if entry.name == "attribute_flip_effect"
)
_MAP_CHANGES = tuple(
    change_of(entry, advice="Below 0 this model looks less at the region than the baseline does.")
    for entry in (RRF, LIFT, LIFT_ABSOLUTE)
)
_PER_IMAGE = (*RELEVANCE, *AGAINST_BASELINE, *_MAP_CHANGES, *CAUSAL, *CAUSAL_CHANGES, *FLIPS, *FLIP_CHANGES)
REGIONS = (*_PER_IMAGE, *(contrast_of(entry) for entry in _PER_IMAGE), CUE, *RDDT, *SIGNED, *DISCOVERY)
"""Everything about regions, causes and flips."""
