"""Entries of the trial of attribution methods: may a method's maps of this model be relied on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.range import SHARE, SIGNED_SHARE, UPWARD, Range

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_ARRIVES = Range(words="any number; 1 means that all of it arrives")
_NO_MAP = "no image of the sample has such a value"
_OTHER = "Use another method for this model: numbers of regions by a method that fails its checks are marked unusable."


def _trial(
    name: str,
    title: str,
    sentence: str,
    range_: Range,
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


_NOT_COMPLETE = "the maps of the method have no defined sum, or no image of the sample has a map"
_NOT_LRP = "the method is not LRP, or no image of the sample has a map"
SALIENCY = (
    _trial(
        "completeness_gap", "difference between a map's sum and the change that it explains",
        "Difference between the sum of a map and the change of the score that it explains, over the size of the score; "
        "0 means that the map explains all of the change.",
        UPWARD, "lower", "|Σ map − (F(x) − F(x₀))| ÷ scale of F; Sundararajan et al. (2017), proposition 1",
        undefined=_NOT_COMPLETE,
    ),
    _trial(
        "completeness_gap_all", "the same difference over all images",
        "The median of completeness_gap over all audited images, not only over the sample of the checks.",
        UPWARD, "lower", "median of completeness_gap", undefined=_NOT_COMPLETE,
    ),
    _trial(
        "conservation_ratio", "share of relevance that arrives at the image",
        "Sum of the relevance of the pixels over the score that it explains; the bias terms of the layers take the "
        "rest.",
        _ARRIVES, "none", "Σ map ÷ F(x); Bach et al. (2015), eq. 2",
        undefined=_NOT_LRP,
        advice="Far from 1, bias terms of the layers take or add much: look at conservation_ratio_bias_free.",
    ),
    _trial(
        "conservation_ratio_all", "the same share over all images",
        "The median of conservation_ratio over all audited images, not only over the sample of the checks.",
        _ARRIVES, "none", "median of conservation_ratio", undefined=_NOT_LRP,
        advice="Far from 1, bias terms of the layers take or add much: look at conservation_ratio_bias_free.",
    ),
    _trial(
        "conservation_ratio_bias_free", "share of relevance that arrives when bias terms take none",
        "The same with bias terms left out of the rules; away from 1, relevance gets lost on the way.",
        _ARRIVES, "none", "Σ map ÷ F(x) without bias terms; Bach et al. (2015)",
        undefined=_NOT_LRP + "; or layers of the network have values of either sign by design",
    ),
    _trial(
        "conservation_ratio_accounted", "share of relevance that arrives or that bias terms are known to take",
        "Sum of the relevance of the pixels and of what bias terms and constants take by the rules, over the score.",
        Range(words="any number; 1 means that no layer was missed"), "none",
        "(Σ map + Σ b · R ÷ z) ÷ F(x); after Bach et al. (2015)",
        undefined=_NOT_LRP + "; or layers of the network have values of one sign",
    ),
    _trial(
        "insertion_auc", "score as relevant pixels are inserted",
        "Area under the curve of the score as pixels are inserted, the most relevant first; large means that it "
        "rises early.",
        Range(words="about 0 to 1"), "higher", "Petsiuk et al. (2018), RISE, section 4",
        chance="the value for a random map, which is in the row",
    ),
    _trial(
        "deletion_auc", "score as relevant pixels are deleted",
        "Area under the curve of the score as pixels are deleted, the most relevant first; small means that it falls "
        "early.",
        Range(words="about 0 to 1"), "lower", "Petsiuk et al. (2018), RISE, section 4",
        chance="the value for a random map, which is in the row",
    ),
    _trial(
        "randomisation_similarity", "similarity of maps before and after the weights are randomised",
        "Rank correlation of the maps before and after the weights are randomised; high means that maps do not "
        "depend on "
        "what the model has learnt.",
        SIGNED_SHARE, "lower", "rank correlation of maps; Adebayo et al. (2018), section 4.1", chance="0",
    ),
    _trial(
        "stability", "similarity of maps from run to run",
        "Rank correlation of two maps of the same image that differ only in the random numbers of the method.",
        SIGNED_SHARE, "higher", "rank correlation of maps of two runs", chance="0",
    ),
    _trial(
        "saturation_onset", "place on the path from which the score hardly changes",
        "First place on the path from the reference to the image at which nine tenths of the change of the score are "
        "done.",
        SHARE, "none", "first place from which 90 % of the change is done; Miglani et al. (2020), section 3",
        undefined="the method follows no fixed path, or the score does not change along it",
        advice="Small means that most of the path explains nothing about the score: see saturated_share.",
    ),
    _trial(
        "saturated_share", "share of relevance from where the score hardly changes",
        "Share of a map that comes from the part of the path after saturation_onset, which explains little of the "
        "score.",
        SHARE, "lower", "share of ∫|∂F/∂γ · γ′| after saturation_onset; Miglani et al. (2020), section 3",
        undefined="the method follows no fixed path, or the score does not change along it",
    ),
    _trial(
        "unsaturated_share", "share of the path on which the score changes",
        "Smallest share of the path from the reference to the image that holds nine tenths of all changes of the "
        "score.",
        Range(0.0, 0.9), "higher", "share of 16 steps, the largest first, that hold 90 % of Σ|ΔF|; .9 for even changes",
        undefined="the method follows no fixed path, or the score does not change along it",
        advice="Small means that most of the path, and the relevance from there, explains nothing about the score.",
    ),
    _trial(
        "unsaturated_share_gain", "share of the path on which the score changes, cgi minus another method",
        "unsaturated_share of cgi minus that of another method, on the same images.",
        Range(-0.9, 0.9), "higher",
        "unsaturated_share of cgi less the other's, image by image; counterfactual interpolation augmentation, Fig. 7",
        chance="0", undefined="cgi was not tried beside another method with a path",
    ),
)  # fmt: skip
"""Numbers of the trial of a method."""
