"""What every check of a trial says, on maps and areas that are written down here."""

import dataclasses

import numpy as np
import pytest
import torch

from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients
from fairaudit.saliency.method import Attribution
from fairaudit.saliency.trust import trial as module
from fairaudit.saliency.trust.trial import MethodTrial, UsabilityLimits

IMAGES = 10


@pytest.fixture
def trial(small):
    """Ten images whose maps miss their sums by 0, .02 … .18."""
    own = Attribution(
        maps=torch.rand(IMAGES, 4, 4, generator=torch.Generator().manual_seed(0)),
        residual=torch.arange(IMAGES) * 0.02,
        conservation=torch.ones(IMAGES),
        evaluations=0,
    )
    return MethodTrial(
        method=IntegratedGradients(),
        classifier=None,
        images=torch.rand(IMAGES, 3, 4, 4),
        classes=torch.zeros(IMAGES, dtype=torch.long),
        own=own,
        seed=0,
        limits=UsabilityLimits(),
    )


def limited(trial, **limits):
    return dataclasses.replace(trial, limits=UsabilityLimits(**limits))


def test_completeness_counts_the_images_within_the_limit(trial):
    (reason,) = trial.sums().reasons  # 0, .02, .04, .06, .08 and .10 are six of ten
    assert reason == "relevance is incomplete: 60% of images have a gap of 0.1 or less"
    assert limited(trial, most=0.6).sums().reasons == ()
    assert limited(trial, completeness=0.18).sums().reasons == ()
    assert list(trial.sums().facts) == ["completeness_gap", "conservation_ratio"]


def test_an_image_without_a_map_is_counted_by_no_check(trial):
    gaps = trial.own.residual.clone()
    gaps[:5] = torch.nan
    without = dataclasses.replace(trial, own=dataclasses.replace(trial.own, residual=gaps))
    assert without.known().tolist() == [False] * 5 + [True] * 5
    assert "20% of images" in without.sums().reasons[0]  # .10 of .10 … .18


def test_the_first_images_are_a_trial_of_their_own(trial):
    few = trial.first(4)
    assert [len(part) for part in (few.images, few.classes, few.own.maps, few.own.residual)] == [4, 4, 4, 4]
    assert trial.first(None) is trial
    assert trial.first(IMAGES) is trial


@pytest.mark.parametrize(
    ("values", "said"),
    [([0.9] * 10, None), ([0.2] * 10, "maps differ from run to run"), ([np.nan] * 10, "all maps are constant")],
)
def test_repeated_maps(trial, monkeypatch, values, said):
    monkeypatch.setattr(module, "stability", lambda *given, **_: np.array(values[: len(given[2])]))
    check = trial.repeats()
    assert check.facts["stability"].shape == (10,)  # the first eight are not alike: all are asked
    assert ([] if said is None else [said]) == [reason.partition(":")[0] for reason in check.reasons]


def test_what_repeats_exactly_is_asked_once(trial, monkeypatch):
    monkeypatch.setattr(module, "stability", lambda *given, **_: np.ones(len(given[2])))
    assert trial.repeats().facts["stability"].shape == (8,)


@pytest.mark.parametrize(("lower", "reasons"), [("deletion_auc", 0), ("deletion_auc_blur", 0), (None, 1)])
def test_deletion_has_to_beat_the_random_map_in_one_way(trial, monkeypatch, lower, reasons):
    random = {kind: np.linspace(0.4, 0.6, IMAGES) for kind in module.AREAS}
    own = {kind: area - 0.2 * (kind == lower) for kind, area in random.items()}
    monkeypatch.setattr(module, "faithfulness", lambda *_, **__: {"": own})
    check = trial.deletes(random, steps=8)
    assert len(check.reasons) == reasons
    assert check.facts["deletion_auc_random"] is random["deletion_auc"]
