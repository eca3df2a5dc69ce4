"""Entries of the trial of attribution methods: may a method's maps of this model be relied on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_NO_MAP = "no image of the sample has such a value"
_OTHER = "Use another method for this model; region numbers by a method that fails its trial are marked unusable."


def _trial(
    name: str,
    title: str,
    sentence: str,
    range_: str,
    better: Better,
    source: str,
    *,
    chance: str = "–",
    undefined: str = _NO_MAP,
    advice: str = _OTHER,
) -> MetricEntry:
    return MetricEntry(
        name=name,
        audits=("saliency",),
        title=title,
        sentence=sentence,
        range=range_,
        better=better,
        chance=chance,
        undefined=undefined,
        source=source,
        advice=advice,
    )


_NOT_COMPLETE = "the method promises no sum, or no image of the sample has a map"
_NOT_LRP = "the method is no LRP, or no image of the sample has a map"
SALIENCY = (
    _trial(
        "completeness_gap", "gap between a map's sum and what it explains",
        "How far the sum of a map is from the change of the score that it should explain, over the size of the score; "
        "0 means that nothing is lost.",
        "0 and up", "lower", "|Σ map − (F(x) − F(x₀))| ÷ scale of F; Sundararajan et al. (2017), proposition 1",
        undefined=_NOT_COMPLETE,
    ),
    _trial(
        "completeness_gap_all", "the same gap over all images",
        "The same gap, as the median over all audited images in place of the trial's sample.",
        "0 and up", "lower", "median of completeness_gap", undefined=_NOT_COMPLETE,
    ),
    _trial(
        "conservation_ratio", "share of relevance that arrives at the image",
        "Relevance that arrives at the pixels over what was put in at the output; biases of the layers take the rest.",
        "any number; 1 means that all of it arrives", "none", "Σ map ÷ F(x); Bach et al. (2015), eq. 2",
        undefined=_NOT_LRP,
        advice="Far from 1 the layers' biases take or give much: judge by conservation_ratio_bias_free.",
    ),
    _trial(
        "conservation_ratio_all", "the same share over all images",
        "The same share, as the median over all audited images in place of the trial's sample.",
        "any number; 1 means that all of it arrives", "none", "median of conservation_ratio", undefined=_NOT_LRP,
        advice="Far from 1 the layers' biases take or give much: judge by conservation_ratio_bias_free.",
    ),
    _trial(
        "conservation_ratio_bias_free", "share of relevance that arrives when biases take none",
        "The same with the layers' biases left out of the rules: away from 1, relevance gets lost on the way.",
        "any number; 1 means that all of it arrives", "none", "Σ map ÷ F(x) without bias terms; Bach et al. (2015)",
        undefined=_NOT_LRP + "; or the network's numbers take either sign by design",
    ),
    _trial(
        "conservation_ratio_accounted", "share of relevance that arrives or that biases are known to take",
        "Relevance of the pixels and what biases and constants take by their layers' rules, over what was put in.",
        "any number; 1 means that no layer was missed", "none",
        "(Σ map + Σ b · R ÷ z) ÷ F(x); after Bach et al. (2015)",
        undefined=_NOT_LRP + "; or the network's numbers have one sign",
    ),
    _trial(
        "insertion_auc", "score gained as relevant pixels are shown",
        "How fast the score rises when pixels are shown in the order of the map, as the area under its curve.",
        "about 0 to 1", "higher", "Petsiuk et al. (2018), RISE, section 4",
        chance="that of a random map, which is in the row",
    ),
    _trial(
        "deletion_auc", "score kept as relevant pixels are removed",
        "How slowly the score falls when pixels are removed in the order of the map, as the area under its curve.",
        "about 0 to 1", "lower", "Petsiuk et al. (2018), RISE, section 4",
        chance="that of a random map, which is in the row",
    ),
    _trial(
        "randomisation_similarity", "likeness of maps of a model that has forgotten everything",
        "How like a map stays when the model's weights are drawn anew; a map of what the model has learnt does not.",
        "−1 to 1", "lower", "rank correlation of maps; Adebayo et al. (2018), section 4.1", chance="0",
    ),
    _trial(
        "stability", "likeness of a map from run to run",
        "How like two maps of the same image are that differ in the method's own randomness only.",
        "−1 to 1", "higher", "rank correlation of maps of two runs", chance="0",
    ),
    _trial(
        "saturation_onset", "place on the path where the score has settled",
        "How far along the path from the reference to the image the score has as good as reached its end.",
        "0 to 1", "none", "first place from which 90 % of the change is done; Miglani et al. (2020), section 3",
        undefined="the method follows no fixed path, or the score does not change along it",
        advice="Early means that most of the path says nothing about the score: see saturated_share.",
    ),
    _trial(
        "saturated_share", "share of relevance from after the score has settled",
        "Share of a map that comes from where the score no longer changes, and so explains nothing about it.",
        "0 to 1", "lower", "share of ∫|∂F/∂γ · γ′| after saturation_onset; Miglani et al. (2020), section 3",
        undefined="the method follows no fixed path, or the score does not change along it",
    ),
    _trial(
        "unsaturated_share", "share of the path where the score moves",
        "How much of the path from the reference to the image is needed for nine tenths of all moves of the score.",
        "0 to 0.9", "higher", "share of 16 steps, the largest first, that hold 90 % of Σ|ΔF|; .9 for even moves",
        undefined="the method follows no fixed path, or the score does not change along it",
        advice="Little means that most of the path, and of the relevance from there, says nothing about the score.",
    ),
    _trial(
        "unsaturated_share_gain", "more of cgi's path than of another's where the score moves",
        "How much larger the part of the path in which the score moves is for cgi than for another method.",
        "−0.9 to 0.9", "higher",
        "unsaturated_share of cgi less the other's, image by image; counterfactual interpolation augmentation, Fig. 7",
        chance="0", undefined="cgi was not tried beside another method with a path",
    ),
)  # fmt: skip
"""Numbers of the trial of a method."""
