"""Content swap end to end: a model whose answer is known, whatever the batches, and after a run that was broken off."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.run import checked_material, run_models
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.core.study.study import Study, open_classifier
from fairaudit.audits.swap.audit import DONORS, SwapAudit
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.errors import FairauditError

PLAN = AuditPlan(
    audits_for=lambda study, _trials: [SwapAudit(study)],
    verdicts_for=lambda _study, _findings: [],
    metrics=frozenset(["swap_effect", "swap_excess", "swap_flip", "score_gap"]),
)
BOX = (slice(4, 8), slice(2, 6))
"""Rows and columns of the region, of 8 × 8 pixels."""


class Reads(nn.Module):
    """σ(4 · (mean of the red channel in the box) + 2 · (mean of green outside it) − 2.5)."""

    def forward(self, images):
        inside = images[:, 0, 4:8, 2:6].mean(dim=(1, 2))
        outside = images[:, 1, :4].mean(dim=(1, 2))
        return (4 * inside + 2 * outside - 2.5)[:, None]


class Ignores(nn.Module):
    """The same without the box."""

    def forward(self, images):
        return (2 * images[:, 1, :4].mean(dim=(1, 2)) - 1)[:, None]


def write(folder, labels, seed=0):
    """Images of (class, group): red in the box is the group, green outside it the class, both with noise."""
    draws = np.random.default_rng(seed)
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "id", "smiling", "tie", "person"])
        for number, (target, group) in enumerate(labels):
            pixels = draws.integers(0, 40, (8, 8, 3))
            pixels[:4, :, 1] += int(120 * target)
            pixels[(*BOX, 0)] += int(150 * group)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
            rows.writerow([f"{number}.png", f"i{number}", target, ("no", "yes")[group], f"p{number // 2}"])
    return np.stack([
        np.asarray(Image.open(folder / f"{number}.png"), np.float64) / 255 for number in range(len(labels))
    ])  # fmt: skip


def config(**data):
    return Config.model_validate(
        {
            "data": {"manifest": "data.csv", "image": "file", "id": "id", "target": "smiling", "attributes": ["tie"],
                     **data},
            "preprocess": {"size": [8, 8]},
            "model": {"output": "sigmoid", "classes": ["1"]},
            "regions": {"box": {"box": [0.25, 0.5, 0.75, 1.0], "units": "fraction"}},
            "audit": {"replicates": 200},
        }
    )  # fmt: skip


def model(folder, module):
    path = folder / f"{type(module).__name__}.pt"
    if not path.exists():  # another file of the same model would be another model to the run store
        torch.jit.trace(module, torch.rand(2, 3, 8, 8), check_trace=False).save(str(path))
    return path


def study(folder, module, settings=None, **options):
    settings = settings or config()
    asked = RunOptions(output=folder / "out", formats=(), device="cpu", workers=1, **options)
    material = checked_material(settings, base=folder, options=asked, plan=PLAN)
    candidate = open_classifier(model(folder, module), config=settings, material=material, options=asked)
    return Study(config=settings, options=asked, material=material, candidate=candidate)


def audited(folder, module, name="out", settings=None, **options):
    (outcome,) = run_models(
        [model(folder, module)],
        baseline=None,
        config=settings or config(),
        base=folder,
        options=RunOptions(output=folder / name, formats=(), device="cpu", workers=1, **options),
        plan=PLAN,
        progress=Silent(),
    )
    return {row.metric: row for row in outcome.report.measurements}


def balanced(number):
    return [(k % 2, k // 2 % 2) for k in range(number)]


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swap")
    return folder, balanced(150), write(folder, balanced(150))


def by_hand(pixels, labels, plan):
    """½ (D(no → yes) − D(yes → no)), pixel by pixel and donor by donor, of the scores of `Reads`."""

    def score(image, donor):
        mixed = image.copy()
        mixed[BOX] = donor[BOX]
        z = 4 * mixed[4:8, 2:6, 0].mean() + 2 * mixed[:4, :, 1].mean() - 2.5
        return 1 / (1 + np.exp(-z))

    directions = []
    for own in (0, 1):
        classes = []
        for target in (0, 1):
            each = []
            for row, label in enumerate(labels):
                if label == (target, own):
                    arms = [
                        np.mean([score(pixels[row], pixels[donor]) for donor in donors[row]])
                        for donors in (plan.other, plan.same)
                    ]
                    each.append(arms[0] - arms[1])
            classes.append(np.mean(each))
        directions.append(np.mean(classes))
    return (directions[0] - directions[1]) / 2


def test_the_effect_is_the_sum_over_donors_written_out(faces):
    folder, labels, pixels = faces
    own = study(folder, Reads())
    plan = SwapAudit(own).plans["tie"]
    row = audited(folder, Reads())["swap_effect"]
    assert row.value == pytest.approx(abs(by_hand(pixels, labels, plan)), abs=2e-6)
    assert row.value > 0.3
    assert row.low <= row.value <= row.high
    assert row.extra["signed"] == pytest.approx(by_hand(pixels, labels, plan), abs=2e-6)


def test_a_model_that_does_not_read_the_region_has_no_effect_at_all(faces):
    rows = audited(faces[0], Ignores(), "ignores")
    for metric in ("swap_effect", "swap_excess", "swap_flip"):
        assert rows[metric].value == pytest.approx(0.0, abs=1e-9)
    assert rows["swap_effect"].high < 0.2  # what no image of so many showed
    assert rows["score_gap"].value < 0.05


@pytest.mark.parametrize("size", [1, 7, 64])
def test_donors_and_numbers_follow_from_seed_and_ids_and_not_from_batches(faces, size):
    folder, _, _ = faces
    whole, batched = audited(folder, Reads(), "whole"), audited(folder, Reads(), f"batch {size}", batch_size=size)
    for metric, row in whole.items():
        other = batched[metric]
        assert (other.value, other.low, other.high) == pytest.approx((row.value, row.low, row.high), abs=1e-6)
        assert other.extra.get("pair") == row.extra.get("pair")


def test_another_seed_deals_other_donors_and_another_order_of_rows_the_same(faces, tmp_path):
    folder, labels, _ = faces
    one, two = (SwapAudit(study(folder, Reads(), seed=seed)).plans["tie"] for seed in (0, 1))
    assert (one.other != two.other).any()
    assert (one.same != two.same).any()
    text = (folder / "data.csv").read_text(encoding="utf-8").splitlines()
    order = np.random.default_rng(3).permutation(len(labels))
    for path in folder.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "data.csv").write_text("\n".join([text[0], *(text[1 + k] for k in order)]) + "\n", encoding="utf-8")
    moved = SwapAudit(study(tmp_path, Reads())).plans["tie"]
    assert np.array_equal(moved.other, one.other)  # rows are taken in the order of their ids
    assert np.array_equal(moved.same, one.same)


def test_a_run_that_was_broken_off_ends_with_the_same_rows(tmp_path, monkeypatch):
    write(tmp_path, balanced(300))
    whole = audited(tmp_path, Reads(), "undisturbed")
    calls, mapped = [], SwapAudit.map

    def breaks(self, context):
        calls.append(len(context.batch))
        if len(calls) == 3:
            raise FairauditError("broken off")
        return mapped(self, context)

    def counts(self, context):
        calls.append(len(context.batch))
        return mapped(self, context)

    monkeypatch.setattr(SwapAudit, "map", breaks)
    with pytest.raises(FairauditError, match="broken off"):
        audited(tmp_path, Reads(), "resumed")
    calls.clear()
    monkeypatch.setattr(SwapAudit, "map", counts)
    resumed = audited(tmp_path, Reads(), "resumed")
    assert 1 <= len(calls) < 3  # of three chunks, some were there
    assert {m: (r.value, r.low, r.high, r.extra) for m, r in resumed.items()} == {
        m: (r.value, r.low, r.high, r.extra) for m, r in whole.items()
    }


def test_donors_are_of_the_class_of_the_group_of_their_arm_and_of_another_person(faces):
    folder, labels, _ = faces
    plan = SwapAudit(study(folder, Reads(), config(cluster="person"))).plans["tie"]
    assert plan.other.shape == (150, DONORS)
    for row, (target, group) in enumerate(labels):
        for donor in plan.other[row]:
            assert labels[donor] == (target, 1 - group)
        for donor in plan.same[row]:
            assert labels[donor] == (target, group)
            assert donor // 2 != row // 2


def test_images_and_donors_are_both_resampled(tmp_path):
    """One odd donor is dealt to many images: intervals of receivers alone would miss what it does."""
    labels = balanced(48)
    write(tmp_path, labels)
    plain = audited(tmp_path, Reads(), "plain")["swap_effect"]
    odd = labels.index((1, 1))
    pixels = np.asarray(Image.open(tmp_path / f"{odd}.png")).copy()
    pixels[(*BOX, 0)] = 0  # a tie that does not look like one
    Image.fromarray(pixels).save(tmp_path / f"{odd}.png")
    other = audited(tmp_path, Reads(), "odd")["swap_effect"]
    assert other.value < plain.value
    assert other.high - other.low > 1.5 * (plain.high - plain.low)


def test_without_a_donor_of_another_group_in_two_classes_there_is_a_reason_and_no_number(tmp_path):
    write(tmp_path, [(0, 0)] * 10 + [(1, 0)] * 10 + [(1, 1)] * 10)  # "yes" is never in class 0
    rows = audited(tmp_path, Reads())
    for metric in ("swap_effect", "swap_excess", "swap_flip"):
        assert (rows[metric].value, rows[metric].status) == (None, "undefined")
        assert rows[metric].reason


def test_a_group_of_one_image_has_no_donor_of_its_own_and_no_number(tmp_path):
    write(tmp_path, [(0, 0), (1, 0)] * 10 + [(0, 1), (1, 1)])
    rows = audited(tmp_path, Reads())
    assert (rows["swap_effect"].value, rows["swap_effect"].status) == (None, "undefined")
    assert "one way" in rows["swap_effect"].reason
    assert (rows["score_gap"].low, rows["score_gap"].status) == (None, "undefined")
