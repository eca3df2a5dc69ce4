"""What simulations say of each metric's interval: kept, conservative, or approximate with its worst case.

Measured by `tests/benchmarks/levels.py` and `witness_levels.py`, whose tables are in the benchmarks' README; a small
part of the grid is run against these statements in the tests. Metrics that are not here have no interval or were not
simulated.
"""

from __future__ import annotations

from fairaudit.tables.entry import Coverage

_KEPT = Coverage(kind="kept")
_PAIRS = Coverage(kind="conservative", where="most of all with several groups and at rates near 0 and 1")
_DRAWN = Coverage(
    kind="approximate",
    worst=0.8,
    where="at rates within a few images of 0 or 1, as Wilson's intervals do (rules use the exact interval, which is "
    "wider)",
)
_DRAWN_AUC = Coverage(kind="kept", where="conservative with few positives (rules use the exact interval)")
_SMALL = Coverage(kind="conservative", where="because the ends are widened where few images leave much open")
_ALL = Coverage(kind="conservative", where="because it holds for whichever group or cell is worst in truth")
_MEANS = Coverage(
    kind="approximate",
    worst=0.85,
    where="for means of 5 to 8 very skewed values (91 % for 20; for 60, the end on the side of the tail errs in 3 to "
    "5 %, nominal 2.5)",
)
_LARGEST = Coverage(kind="conservative", where="most of all with few units behind a cell and with many groups")
_RATES = ("selection_rate", "tpr", "fpr", "tnr", "fnr", "ppv")
_GAPS = (
    "demographic_parity", "equalized_odds", "equal_opportunity", "predictive_parity", "accuracy",
)  # fmt: skip
_PAPERS = ("dp_l2", "dp_mi", "eo_l2", "eo_mi", "iou_l2")
_IMAGES = (
    *("rrf", "rrf_lift", "rrf_lift_absolute", "inside_outside_ratio", "rank_accuracy", "area_share", "signed_share"),
    *("rrf_change", "rrf_lift_change", "rrf_lift_absolute_change"),
    *("causal_effect", "causal_effect_control", "causal_positive", "causal_positive_control", "causal_shift"),
    *("causal_shift_control", "causal_excess", "causal_shift_change", "causal_excess_change"),
    *("attribute_flip_effect", "attribute_flip_signed", "attribute_flip_effect_change"),
)
"""Means over images of values that may be skewed."""
COVERAGE: dict[str, Coverage] = {
    **dict.fromkeys((*_IMAGES, *(f"{name}_contrast" for name in _IMAGES)), _MEANS),
    **dict.fromkeys(("swap_effect", "score_gap", "cue_alignment"), _LARGEST),
    **dict.fromkeys(("variant_swap_effect", "variant_cue_alignment"), _LARGEST),
    "relative_change": _KEPT,
    **dict.fromkeys(("accuracy", "cell_accuracy", *_RATES, "f1", "iou"), _DRAWN),
    **dict.fromkeys((f"{base}_{form}" for base in _GAPS for form in ("difference", "ratio")), _PAIRS),
    **dict.fromkeys((f"{base}_{form}_to_overall" for base in _GAPS for form in ("difference", "ratio")), _PAIRS),
    **dict.fromkeys((f"{name}_difference" for name in ("selection_rate", "tpr", "fpr", "ppv", "auc")), _PAIRS),
    **dict.fromkeys(("impact_ratio", "equalized_odds_average"), _PAIRS),
    **dict.fromkeys(("worst_cell_accuracy", "worst_attribute_group_accuracy"), _ALL),
    **dict.fromkeys(("unbiased_accuracy", "bias_conflict_accuracy", "bias_aligned_accuracy"), _KEPT),
    **dict.fromkeys((*_PAPERS, *(f"soft_{name}" for name in _PAPERS)), _SMALL),
    **dict.fromkeys(("iou_std", "soft_iou_std"), _KEPT),
    **dict.fromkeys(("auc", "bnsp_auc", "bpsn_auc"), _DRAWN_AUC),
    **dict.fromkeys(("ece", "brier"), Coverage(kind="conservative", where="above all at its upper end")),
    **dict.fromkeys(("accuracy_change", "tpr_change", "fpr_change"), _KEPT),
    **dict.fromkeys((f"{base}_{form}_change" for base in _GAPS for form in ("difference", "ratio")), _PAIRS),
    "equalized_odds_average_change": _PAIRS,
    **dict.fromkeys(("worst_cell_accuracy_change", "worst_attribute_group_accuracy_change"), _ALL),
    **dict.fromkeys(("unbiased_accuracy_change", *(f"{name}_change" for name in _PAPERS)), _SMALL),
}
"""Name → statement."""
