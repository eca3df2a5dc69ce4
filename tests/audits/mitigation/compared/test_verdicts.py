"""Verdicts on planted columns: each leg moves the verdict as the audit's own would."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from fairaudit.audits.mitigation.compared.statistics import Images
from fairaudit.audits.mitigation.compared.verdicts import VariantQuestion, evidence_of
from fairaudit.audits.mitigation.swaps import swap_plan
from fairaudit.config.schema import AuditConfig
from fairaudit.tables.statistics import Statistics

COUNT = 400


def verdict_of(images, columns, question):
    return evidence_of(images, columns, question).verdict(question)


def planted(*, gap, flip, cue):
    """Balanced images: `gap` of one cell is wrong, flips move the score by `flip`, relevance parts by `cue`."""
    draw = np.random.default_rng(0)
    target, attribute = np.arange(COUNT) % 2, (np.arange(COUNT) // 2) % 2
    wrong = (target == 1) & (attribute == 1) & (np.arange(COUNT) % 100 < 100 * gap)
    sign = np.where(target == attribute, 1.0, -1.0)
    columns = {
        "decisions": np.where(wrong, 1 - target, target),
        "flip_effect": np.full(COUNT, flip) + draw.normal(0, 1e-3, COUNT),
        "signed_share": cue * sign + draw.normal(0, 0.02, COUNT),
        "signed_rest": np.full(COUNT, 0.5),
    }
    return Images(target=target, attribute=attribute, classes=2, groups=2), columns


def question(**changes):
    base = {
        "attribute": "necktie", "values": ("no", "yes"), "target": "smiling", "classes": ("0", "1"),
        "region": "necktie", "methods": ("lrp",), "exact": True, "limits": AuditConfig(),
        "statistics": Statistics(replicates=200),
    }  # fmt: skip
    return VariantQuestion(**{**base, **changes})


@pytest.mark.parametrize(
    ("planting", "verdict"),
    [
        ({"gap": 0.6, "flip": 0.5, "cue": 0.4}, "unequal and for the wrong reason"),
        ({"gap": 0.0, "flip": 0.5, "cue": 0.4}, "spurious but equal"),
        ({"gap": 0.6, "flip": 0.0, "cue": 0.0}, "unequal, not by this cue"),
        ({"gap": 0.0, "flip": 0.0, "cue": 0.0}, "no evidence"),
        ({"gap": 0.0, "flip": 0.5, "cue": 0.0}, "undecided"),  # the witnesses disagree
    ],
)
def test_the_legs_make_the_verdict(planting, verdict):
    assert verdict_of(*planted(**planting), question()).verdict == verdict


def test_a_constant_classifier_is_never_without_evidence_against_it():
    images, columns = planted(gap=0.0, flip=0.0, cue=0.0)
    found = verdict_of(images, {**columns, "decisions": np.ones(COUNT, np.int64)}, question())
    assert found.verdict == "undecided"
    assert "get the same decision" in f"{found.why} {found.needed}"


@dataclass
class LabelsOnly:
    """A part whose images nobody asks for."""

    target: torch.Tensor
    attribute: torch.Tensor
    classes = groups = 2

    def __len__(self):
        return len(self.target)


def swapped(images, columns, effect):
    """The images with a score that content of the attribute's second value moves up by `effect`, and its plan."""
    part = LabelsOnly(target=torch.from_numpy(images.target), attribute=torch.from_numpy(images.attribute))
    plan = swap_plan(part, attribute="necktie", ids=[str(row) for row in range(COUNT)], clusters=None, seed=0)
    draw = np.random.default_rng(1)
    own = 0.3 + 0.3 * images.target + effect * images.attribute
    shown = [images.attribute[donors] for donors in (plan.other, plan.same)]
    score = np.concatenate([own[:, None] + effect * (codes - images.attribute[:, None]) for codes in shown], 1)
    score += draw.normal(0, 1e-3, score.shape)
    moved = np.abs(score - own[:, None])
    scores = np.stack([1 - own, own], 1)
    return {**columns, "scores": scores, "swap_score_1": score, "swap_shift": moved, "swap_flip": 0 * moved}, plan


@pytest.mark.parametrize(
    ("effect", "cue", "verdict"),
    [(0.3, 0.4, "spurious but equal"), (0.0, 0.0, "no evidence"), (0.3, 0.0, "undecided")],
)
def test_without_twins_swapped_content_decides(effect, cue, verdict):
    images, columns = planted(gap=0.0, flip=0.0, cue=cue)
    del columns["flip_effect"]
    columns, plan = swapped(images, columns, effect)
    assert verdict_of(images, columns, question(exact=False, swaps=plan)).verdict == verdict


def test_without_twins_and_without_a_swap_the_use_stays_open():
    images, columns = planted(gap=0.0, flip=0.0, cue=0.0)
    del columns["flip_effect"]
    found = verdict_of(images, columns, question(exact=False))
    assert found.verdict == "undecided"
    assert "twins" in found.needed


def test_clusters_widen_the_outcome():
    images, columns = planted(gap=0.15, flip=0.0, cue=0.0)
    alone = verdict_of(images, columns, question())
    clustered = Images(target=images.target, attribute=images.attribute, classes=2, groups=2,
                       clusters=np.arange(COUNT) // 100)  # fmt: skip
    found = verdict_of(clustered, columns, question())
    assert (alone.verdict, found.verdict) == ("undecided", "undecided")  # four clusters prove nothing
