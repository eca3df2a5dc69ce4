"""The registry of metrics against every name that the code can write, in both directions, and as words."""

import re
import subprocess
import sys
from dataclasses import fields

import pytest

from fairaudit.audits.core.stream.trial import REPORTED
from fairaudit.audits.fairness.thresholds import EQUALIZERS
from fairaudit.audits.flips.audit import FLIP_COLUMNS
from fairaudit.audits.mitigation.compared.read import METRICS as MITIGATED
from fairaudit.audits.pruning.legs import SOURCES
from fairaudit.audits.pruning.theory import METRICS as PRUNED
from fairaudit.audits.regions.compared import COMPARED
from fairaudit.audits.saliency.read import SUMMED
from fairaudit.errors import UsageError
from fairaudit.interventions.effect import RegionEffect
from fairaudit.measures.counts.association import association
from fairaudit.measures.counts.disparities import DISPARITIES
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.measures.counts.rates import RATES
from fairaudit.measures.regions.change import RegionChange
from fairaudit.measures.regions.map_similarity import SIMILARITIES
from fairaudit.measures.regions.metrics import RegionScores
from fairaudit.pruning.probe import KINDS
from fairaudit.tables.changes.counts import CHANGES, LEVELS
from fairaudit.tables.changes.scores import MEASURES
from fairaudit.tables.fairness.disparities import CLASS_GAPS
from fairaudit.tables.fairness.scores import ACROSS
from fairaudit.tables.fairness.theory import theory_measurements
from fairaudit.tables.metrics import METRICS, audits, metric, names_of, of_audit

ASSOCIATIONS = tuple(association([[1, 2], [3, 4]]))
BASES = ("bias_aligned_share", "model_biasedness", "task_biasedness")
INFORMATION = tuple(f"{what}_information_{how}" for what, how in (
    ("bias", "perfect"), ("bias", "expected"), ("task", "expected"), ("task", "bounded")
))  # fmt: skip


def per_image():
    names = [item.name for part in (RegionScores, RegionChange, RegionEffect) for item in fields(part)]
    compared = [f"{name}_change" for name in (*COMPARED, "causal_shift", "causal_excess", "causal_flip")]
    flips = [*FLIP_COLUMNS, "attribute_flip_effect_change"]
    return [*names, "rrf_lift_absolute", "signed_share", "causal_excess", *compared, *flips]


def fairness():
    changed = [*CHANGES, *LEVELS, *PAPER_MEASURES, *MEASURES, "accuracy", "tpr", "fpr"]
    return [
        "accuracy", "cell_accuracy", *RATES, "impact_ratio", *DISPARITIES,
         *(f"{name}_difference" for name in CLASS_GAPS),
        *LEVELS, "bias_conflict_accuracy", "bias_aligned_accuracy",
        *PAPER_MEASURES, *(f"soft_{name}" for name in PAPER_MEASURES),
        *(name for name, _ in ACROSS), "auc_difference", *MEASURES,
        *(f"{name}_change" for name in changed),
        *ASSOCIATIONS, "training_phi", *(f"attribute_{name}" for name in ASSOCIATIONS),
        *(f"{name}_{what}" for name in EQUALIZERS for what in ("accuracy", "threshold")),
        *BASES, *INFORMATION,
    ]  # fmt: skip


def others():
    windows = [f"{name}{end}" for name in ("discovery", "discovery_alignment") for end in ("", "_unconfirmed")]
    pruned = ["task_accuracy", "aligned_accuracy", "conflicting_accuracy", "cell_accuracy", "sparsity"]
    return [
        "rddt", "rddt_p", "adr_signed", "dif_signed", "rddt_signed", "rddt_p_signed",
        "cue_alignment", "concentration", *windows,
        "swap_effect", "swap_excess", "swap_flip", "score_gap",
        *REPORTED, "unsaturated_share_gain", *(f"{name}_all" for name in SUMMED),
        "relative_change", "relative_change_ratio_of_sums", "base_change", "relative_change_before",
        "rectification_factor", *SIMILARITIES,
        *pruned, "layer_sparsity", *(f"bias_accuracy_{kind}" for kind in KINDS), *PRUNED, *SOURCES,
        "detection_power", "false_alarm_rate", "planted_gap", "trained_accuracy",
    ]  # fmt: skip


def test_every_name_that_the_code_can_write_is_there_and_nothing_else():
    images = per_image()
    written = {*MITIGATED, *fairness(), *images, *(f"{name}_contrast" for name in images), *others()}
    assert set(METRICS) == written


def test_directions_agree_with_the_measures():
    for table in (RATES, DISPARITIES):
        assert {name: table[name].better for name in table} == {name: metric(name).better for name in table}


@pytest.mark.parametrize("entry", [METRICS[name] for name in METRICS], ids=lambda entry: entry.name)
def test_texts_are_whole_and_plain(entry):
    for text in (
        entry.title,
        entry.sentence,
        str(entry.range),
        entry.chance,
        entry.undefined,
        entry.source,
        entry.advice,
    ):
        assert text.strip() == text
        assert text
        assert "  " not in text
        assert not re.search(r"debias(ed|ing)(?! surgeon)|bias-free|fair model|complian", text, re.IGNORECASE), text
    assert entry.sentence.endswith(".")
    assert entry.advice.endswith(".")
    assert len(entry.sentence) <= 320
    assert not re.search(r"\beqs?\.|Σ|÷", entry.sentence), "formulas belong into the source"


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UsageError, match='Did you mean "equalized_odds_difference"'):
        metric("equalised_odds_diference")


def test_every_metric_belongs_to_an_audit_and_is_found_there():
    assert set().union(*(names_of(audit) for audit in audits())) == set(METRICS)
    assert {entry.name for entry in of_audit("prune")} >= {"sparsity", "model_biasedness"}
    assert "model_biasedness" in names_of("fairness")
    assert of_audit("nothing") == ()


def test_importing_it_is_cheap():
    code = (
        "import sys, fairaudit.tables.metrics\n"
        "heavy = {'torch', 'numpy', 'scipy', 'pydantic', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_theory_of_the_table_writes_what_the_registry_says():
    from fairaudit.tables.rows import FairnessSpec

    asked = FairnessSpec(attribute="hat", groups=("0", "1"), classes=("0", "1"))
    rows = theory_measurements(
        [[[9, 1], [2, 3]], [[4, 2], [1, 8]]], asked, [[True, False], [False, True]], training=[[9, 1], [1, 9]]
    )
    assert [row.metric for row in rows] == [*BASES, *INFORMATION]


def test_names_have_one_spelling():
    assert not [name for name in METRICS if "equalis" in name]
