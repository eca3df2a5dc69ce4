"""Entries of counterfactual alignment: what changing one classifier's decision does to another."""

from __future__ import annotations

from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.range import ANY, SIGNED_SHARE

_PAPER = "Cohen et al., Identifying Spurious Correlations using Counterfactual Alignment"
_NONE = "no image is predicted as the class of the base classifier, or no counterfactual moves its score far enough"
_SHARED = (
    "Far from 0, the two classifiers use features in common. If they should not, look at the counterfactual images, "
    "and "
    "rectify the model (fairaudit cf-rectify) or mitigate."
)
_MAPS = "one of the two maps is constant, or the two classifiers are outputs of one softmax"
_PLACES = (
    "Similar maps point at the same places; relative_change says whether the classifiers use the same features there."
)
ALIGNMENT = (
    MetricEntry(
        name="relative_change",
        audits=("cf-align",),
        title="change of another classifier's score with that of the base classifier",
        sentence="Images are changed until the base classifier no longer predicts its class. This is the change of "
        "another "
        "classifier's score over that of the base's score: 1 is the same change, 0 none, −1 the opposite change.",
        range=ANY,
        better="none",
        chance="0",
        undefined=_NONE,
        source=f"{_PAPER}, eq. 3, mean over images",
        advice=_SHARED,
    ),
    MetricEntry(
        name="relative_change_ratio_of_sums",
        audits=("cf-align",),
        title="total change of another classifier's score over that of the base classifier",
        sentence="Sum of the changes of another classifier's score over all images, over the sum of those of the "
        "base's "
        "score; images whose base score hardly changes count for little.",
        range=ANY,
        better="none",
        chance="0",
        undefined=_NONE,
        source=f"{_PAPER}, eq. 3, sums over images before the ratio",
        advice=_SHARED,
    ),
    MetricEntry(
        name="base_change",
        audits=("cf-align",),
        title="change of the base classifier's score",
        sentence="How far the counterfactual images move the score of the classifier that they were made for.",
        range=SIGNED_SHARE,
        better="none",
        undefined="no image is predicted as the base class",
        source=f"median of the base's move from reconstruction to counterfactual; {_PAPER}, denominator of eq. 3",
        advice="Small means that the generator cannot change the base's score, so the relative changes are uncertain: "
        "train the generator longer.",
    ),
    MetricEntry(
        name="map_similarity",
        audits=("cf-align",),
        title="similarity of two classifiers' attribution maps",
        sentence="Rank correlation of the pixels in the maps of two classifiers of the same images, from evidence "
        "for the "
        "class to evidence against it.",
        range=SIGNED_SHARE,
        better="none",
        chance="the value for maps of different images",
        undefined=_MAPS,
        source=f"Spearman's ρ of signed maps, mean over images; {_PAPER}, A.1, which gives no number",
        advice=_PLACES,
    ),
    MetricEntry(
        name="map_similarity_absolute",
        audits=("cf-align",),
        title="similarity of where two classifiers look",
        sentence="Rank correlation of the pixels in the maps of two classifiers of the same images, by the size of the "
        "evidence, for or against the class.",
        range=SIGNED_SHARE,
        better="none",
        chance="the value for maps of different images",
        undefined=_MAPS,
        source=f"Spearman's ρ of the maps' magnitudes, mean over images; {_PAPER}, A.1, which gives no number",
        advice=_PLACES,
    ),
    MetricEntry(
        name="map_structural_similarity",
        audits=("cf-align",),
        title="structural similarity of two classifiers' attribution maps",
        sentence="Mean similarity of the maps of two classifiers in small windows: of level, contrast and pattern "
        "(SSIM).",
        range=SIGNED_SHARE,
        better="none",
        chance="the value for maps of different images",
        undefined=_MAPS,
        source=f"SSIM of signed maps, mean over images; {_PAPER}, A.1, which gives no number",
        advice=_PLACES,
    ),
)
"""Numbers of counterfactual alignment."""
RECTIFICATION = (
    MetricEntry(
        name="relative_change_before",
        audits=("cf-rectify",),
        title="change of another classifier's score before the base classifier was rectified",
        sentence="relative_change of the model before it was rectified, on the same held-out images.",
        range=ANY,
        better="none",
        chance="0",
        undefined=_NONE,
        source=f"{_PAPER}, eq. 3, mean over images; before and after as in Fig. 11",
        advice="Compare relative_change in the same report: the same number after rectification.",
    ),
    MetricEntry(
        name="rectification_factor",
        audits=("cf-rectify",),
        title="multiple of another classifier that was added",
        sentence="Multiple of another classifier's score that is added to the base's so that the two no longer change "
        "together; negative subtracts it, 0 leaves the model as it is.",
        range=ANY,
        better="none",
        undefined="no multiple was found",
        source=f"{_PAPER}, β of eq. 6",
        advice="A large multiple changes many decisions: look at the accuracy of the rectified model.",
    ),
)
"""Numbers of a rectified model beside its alignment."""
