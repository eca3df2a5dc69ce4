"""Entries of counterfactual alignment: what changing one classifier's decision does to another."""

from __future__ import annotations

from fairaudit.tables.entry import MetricEntry

_PAPER = "Cohen et al., Identifying Spurious Correlations using Counterfactual Alignment"
_NONE = "no image is predicted as the base class, or no counterfactual moves the base score far enough"
_SHARED = (
    "Far from 0 the two classifiers use the same features. If the attribute should not matter, look at the "
    "counterfactual pictures, and rectify the model (cf-rectify) or mitigate."
)
_MAPS = "one of the two maps is the same everywhere, or the two are outputs of one softmax"
_PLACES = (
    "Maps that are alike look at the same places; whether the same features are used there, the relative change says."
)
ALIGNMENT = (
    MetricEntry(
        name="relative_change",
        audits=("cf-align",),
        title="change of another classifier when the base changes its mind",
        sentence="Pictures are changed until the base classifier drops its class; this is how far another classifier's "
        "score moves with it, as a multiple of the base's own move: 1 moves alike, 0 not at all, −1 against it.",
        range="any number",
        better="none",
        chance="0",
        undefined=_NONE,
        source=f"{_PAPER}, eq. 3, mean over images",
        advice=_SHARED,
    ),
    MetricEntry(
        name="relative_change_ratio_of_sums",
        audits=("cf-align",),
        title="total change of another classifier over that of the base",
        sentence="How far another classifier's score moves in all pictures together, as a multiple of the base's moves "
        "in all of them; pictures where the base hardly moves count for little.",
        range="any number",
        better="none",
        chance="0",
        undefined=_NONE,
        source=f"{_PAPER}, eq. 3, sums over images before the ratio",
        advice=_SHARED,
    ),
    MetricEntry(
        name="base_change",
        audits=("cf-align",),
        title="change of the base classifier's own score",
        sentence="How far the counterfactual pictures move the score of the classifier that they were made for.",
        range="−1 to 1",
        better="none",
        undefined="no image is predicted as the base class",
        source=f"median of the base's move from reconstruction to counterfactual; {_PAPER}, denominator of eq. 3",
        advice="Small means that the generator cannot change the base's mind: train it longer, or the relative "
        "changes rest on little.",
    ),
    MetricEntry(
        name="map_similarity",
        audits=("cf-align",),
        title="likeness of two classifiers' attribution maps",
        sentence="How alike the maps of two classifiers rank the pixels of the same pictures, evidence for the class "
        "above evidence against it.",
        range="−1 to 1",
        better="none",
        chance="that of maps of different pictures",
        undefined=_MAPS,
        source=f"Spearman's ρ of signed maps, mean over images; {_PAPER}, A.1, which gives no number",
        advice=_PLACES,
    ),
    MetricEntry(
        name="map_similarity_absolute",
        audits=("cf-align",),
        title="likeness of where two classifiers look",
        sentence="How alike the maps of two classifiers rank the pixels of the same pictures by how much they matter, "
        "for or against.",
        range="−1 to 1",
        better="none",
        chance="that of maps of different pictures",
        undefined=_MAPS,
        source=f"Spearman's ρ of the maps' magnitudes, mean over images; {_PAPER}, A.1, which gives no number",
        advice=_PLACES,
    ),
    MetricEntry(
        name="map_structural_similarity",
        audits=("cf-align",),
        title="structural likeness of two classifiers' attribution maps",
        sentence="How alike the maps of two classifiers are in small windows: in level, contrast and pattern.",
        range="−1 to 1",
        better="none",
        chance="that of maps of different pictures",
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
        title="change of another classifier before the base was rectified",
        sentence="How far another classifier's score moved with the base as it came, as a multiple of the base's own "
        "move, on the same held-out images as relative_change of the rectified model.",
        range="any number",
        better="none",
        chance="0",
        undefined=_NONE,
        source=f"{_PAPER}, eq. 3, mean over images; before and after as in Fig. 11",
        advice="Compare it with relative_change in the same report: that is what is left.",
    ),
    MetricEntry(
        name="rectification_factor",
        audits=("cf-rectify",),
        title="multiple of another classifier that was added",
        sentence="How many times another classifier's score is added to the base's so that the two stop moving "
        "together; negative takes it out, 0 leaves the model as it came.",
        range="any number",
        better="none",
        undefined="no multiple was found",
        source=f"{_PAPER}, β of eq. 6",
        advice="A large factor changes many decisions: look at the accuracy of the rectified model.",
    ),
)
"""Numbers of a rectified model beside its alignment."""
