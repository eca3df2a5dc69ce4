"""The counterfactual leg of `fairaudit audit`, on images and models whose answers are arithmetic."""

from __future__ import annotations

import csv
import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.probe import FittedProbe, fit_probe
from fairaudit.audits.core.dry_run import plan_run
from fairaudit.audits.core.run import run_models
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.joint.counterfactual_legs import counterfactual_legs, leg_of
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config, GateRule
from fairaudit.counterfactuals.probe import ProbeSettings
from fairaudit.errors import ConfigError, DataError, FairauditError
from fairaudit.gate.evidence import Limits
from fairaudit.gate.needed import needed
from fairaudit.generators.checkpoint import save_generator
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report

SIZE, ROWS = 28, 200
RULE = {"metric": "attribute_flip_effect", "attribute": "right", "max": 0.05}


class Blocks(nn.Module):
    """A generator that keeps the means of 2 × 2 blocks, none of which is in both halves."""

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 2)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest").clamp(0.0, 1.0)

    def forward(self, images: Tensor) -> Tensor:
        return self.decode(self.encode(images))


class Halves(nn.Module):
    """One logit, 16 · (left · (l − ½) + right · (r − ½)) of the mean brightness of the halves."""

    def __init__(self, left: float, right: float) -> None:
        super().__init__()
        self.left, self.right = left, right

    def forward(self, images: Tensor) -> Tensor:
        left, right = images[:, :, :, :14].mean(dim=(1, 2, 3)), images[:, :, :, 14:].mean(dim=(1, 2, 3))
        return 16.0 * (self.left * (left - 0.5) + self.right * (right - 0.5))[:, None]


def grey(left: float, right: float) -> np.ndarray:
    halves = np.concatenate([np.full((SIZE, 14), left), np.full((SIZE, 14), right)], axis=1)
    return np.repeat(np.rint(halves * 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two grey halves; target: left is light, attribute: right is light; a twin has its right half mirrored."""
    folder = tmp_path_factory.mktemp("leg")
    draws, rows = np.random.default_rng(0), []
    for number in range(ROWS + 120):
        # Every cell has the same number of images: signs go round, sizes are drawn.
        left, right = 0.5 + np.array([1 - 2 * (number % 2), 1 - 2 * (number // 2 % 2)]) * draws.uniform(0.02, 0.2, 2)
        Image.fromarray(grey(left, right)).save(folder / f"{number}.png")
        Image.fromarray(grey(left, 1 - right)).save(folder / f"{number}t.png")
        split = "test" if number < ROWS else "probe"
        row = {"file": f"{number}.png", "left": int(left > 0.5), "right": int(right > 0.5), "split": split}
        rows.append(row | {"twin": f"{number}t.png", "half": "" if number % 2 else f"{number}t.png", "none": ""})
    with (folder / "data.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    for name, mix in {"clean": (1.0, 0.0), "mixed": (1.0, 1.0), "right": (0.0, 1.0)}.items():
        torch.jit.script(Halves(*mix).eval()).save(str(folder / f"{name}.pt"))
    torch.jit.script(Blocks().eval()).save(str(folder / "blocks.pt"))
    return folder


def config_of(**audit: Any) -> Config:
    data = {"manifest": "data.csv", "target": "left", "attributes": ["right"]}
    return Config.model_validate(
        {
            "data": {**data, "split": {"column": "split", "use": "test"}},
            "preprocess": {"size": [SIZE, SIZE]},
            "audit": {"tolerance": 0.15, "replicates": 300, **audit},
            "gates": [RULE] if {"twins", "cvae"} & set(audit) else [],
        }
    )


def audited(
    world: Path,
    out: Path,
    *models: str,
    baseline: str | None = None,
    alignment: dict[str, Any] | None = None,
    limit: int | None = None,
    **audit: Any,
) -> list[Report]:
    config = config_of(**audit)
    options = None
    if alignment is not None:
        options = CfOptions(generator=world / "blocks.pt", config=config, base_folder=world, examples=1, **alignment)
    outcomes = run_models(
        [world / f"{model}.pt" for model in models],
        baseline=None if baseline is None else world / f"{baseline}.pt",
        config=config,
        base=world,
        options=RunOptions(output=out, workers=0, device="cpu", limit=limit),
        plan=joint.plan(options),
        progress=Silent(),
    )
    return [outcome.report for outcome in outcomes if outcome.report is not None]


def one(report: Report, metric: str, **fields: Any) -> Measurement:
    names = ("attribute", "group", "class_", "method", "baseline")
    (found,) = [
        m for m in report.measurements if m.metric == metric and all(getattr(m, n) == fields.get(n) for n in names)
    ]
    return found


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def truth(world: Path, right: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the images and of their twins, by the formula, from pixels that numpy reads."""
    scores = []
    for end in ("", "t"):
        pixels = np.stack([np.asarray(Image.open(world / f"{n}{end}.png"), np.float64) / 255 for n in range(ROWS)])
        light, other = pixels[:, :, :14].mean(axis=(1, 2, 3)), pixels[:, :, 14:].mean(axis=(1, 2, 3))
        scores.append(sigmoid(16 * (light - 0.5 + right * (other - 0.5))))
    return scores[0], scores[1]


@pytest.mark.slow
def test_twins_tell_a_model_that_reads_the_attribute_from_one_that_does_not(world: Path, tmp_path: Path) -> None:
    mixed, clean = audited(world, tmp_path, "mixed", "clean", twins="twin")
    own, twin = truth(world, 1.0)
    effect = one(mixed, "attribute_flip_effect", attribute="right", method="twins")
    assert effect.value == pytest.approx(np.abs(own - twin).mean(), abs=1e-5)
    assert effect.audit == "counterfactual"
    assert (effect.n, effect.interval) == (ROWS, "bootstrap")
    rate = one(mixed, "attribute_flip_rate", attribute="right", method="twins")
    assert rate.value == pytest.approx(((own >= 0.5) != (twin >= 0.5)).mean())
    light = np.arange(ROWS) // 2 % 2 == 0  # the right half is light
    signed = one(mixed, "attribute_flip_signed", attribute="right", group="1", method="twins")
    assert signed.value == pytest.approx((own - twin)[light].mean(), abs=1e-5)
    assert signed.low is not None
    assert signed.low > 0
    assert one(clean, "attribute_flip_effect", attribute="right", method="twins").value == pytest.approx(0, abs=1e-6)

    assert [v.verdict for v in mixed.verdicts] == ["unequal and for the wrong reason"]
    assert [v.verdict for v in clean.verdicts] == ["no evidence"]
    assert "effect of flipping right (twins)" in mixed.verdicts[0].why
    assert effect.id in mixed.verdicts[0].evidence
    assert (mixed.gate.state, clean.gate.state) == ("fail", "pass")


@pytest.mark.slow
def test_without_twins_the_verdict_is_as_before_and_a_gate_over_flips_is_not_judged(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mixed,) = audited(world, tmp_path / "a", "mixed")
    assert [v.verdict for v in mixed.verdicts] == ["unequal outcome"]
    assert not any(m.audit == "counterfactual" for m in mixed.measurements)
    config = config_of().model_copy(update={"gates": [GateRule.model_validate(RULE)]})
    monkeypatch.setattr(f"{__name__}.config_of", lambda **_: config)
    (mixed,) = audited(world, tmp_path / "b", "mixed")
    assert [(rule.state, rule.value) for rule in mixed.gate.rules] == [("not judged", None)]
    assert mixed.gate.state == "inconclusive"  # what was not measured never passes


@pytest.mark.slow
def test_a_baseline_a_limit_and_a_second_run(world: Path, tmp_path: Path) -> None:
    (first,) = audited(world, tmp_path, "mixed", baseline="clean", limit=150, twins={"right": "twin"})
    change = one(first, "attribute_flip_effect_change", attribute="right", method="twins", baseline="clean.pt")
    assert change.value == pytest.approx(one(first, "attribute_flip_effect", attribute="right", method="twins").value)
    assert change.n == 150
    (second,) = audited(world, tmp_path, "mixed", baseline="clean", limit=150, twins={"right": "twin"})
    assert (first.run.resumed_chunks, second.run.resumed_chunks) == (0, 2)
    assert first.measurements == second.measurements


@pytest.mark.slow
def test_rows_without_a_twin_are_left_out_and_counted(world: Path, tmp_path: Path) -> None:
    (mixed,) = audited(world, tmp_path, "mixed", twins="half")
    own, twin = truth(world, 1.0)
    effect = one(mixed, "attribute_flip_effect", attribute="right", method="twins")
    assert effect.n == ROWS // 2
    assert effect.value == pytest.approx(np.abs(own - twin)[::2].mean(), abs=1e-5)
    assert f"{ROWS // 2} of {ROWS} images have no flipped right (twins) and are left out of its effect." in mixed.notes
    assert mixed.data.scored == ROWS  # the images themselves are audited all the same


@pytest.mark.slow
def test_a_generator_adds_the_alignment_and_its_own_limit(world: Path, tmp_path: Path) -> None:
    asked = {"downstream": (f"right={world / 'right.pt'}",)}
    mixed, clean = audited(world, tmp_path, "mixed", "clean", alignment=asked, twins="twin")
    aligned = one(mixed, "relative_change", attribute="right", class_="left", method="latent-shift-fast-down")
    assert aligned.low is not None
    assert aligned.low > 0.1
    assert [v.verdict for v in mixed.verdicts] == ["unequal and for the wrong reason"]
    assert "relative change of right on counterfactuals of left" in mixed.verdicts[0].why
    assert aligned.id in mixed.verdicts[0].evidence
    assert [v.verdict for v in clean.verdicts] == ["no evidence"]
    lenient, _ = audited(world, tmp_path, "mixed", "clean", alignment=asked, twins="twin", relative_change=5.0)
    assert lenient.run.resumed_chunks == 2  # a limit changes what is concluded, not what is measured
    assert [v.verdict for v in lenient.verdicts] == ["undecided"]
    assert "The measurements disagree" in lenient.verdicts[0].why


@pytest.mark.slow
def test_one_probe_serves_all_models_of_a_command(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(twins="twin")
    options = CfOptions(
        generator=world / "blocks.pt", train_probe=("right",), probe_split="probe", config=config, base_folder=world
    )
    run = RunOptions(output=tmp_path, workers=0, device="cpu", limit=60)
    shared: dict[str, Any] = {"baseline": None, "config": config, "base": world, "options": run}
    models = [world / "mixed.pt", world / "clean.pt"]
    few = functools.partial(ProbeSettings, epochs=1, steps=8)  # how much it learns is not looked at
    monkeypatch.setattr("fairaudit.audits.alignment.probe.ProbeSettings", few)
    plan = joint.plan(options)
    assert plan_run(models, **shared, plan=plan).audits == ["fairness", "cf-align", "counterfactual"]
    fitted: list[FittedProbe] = []

    def fit(*arguments: Any) -> FittedProbe:
        fitted.append(fit_probe(*arguments))
        return fitted[-1]

    monkeypatch.setattr("fairaudit.audits.alignment.shared.fit_probe", fit)
    outcomes = run_models(models, **shared, plan=plan, progress=Silent())
    assert fitted == [], "the probe of the dry run is that of the plan"
    again = run_models(models, **shared, plan=joint.plan(options), progress=Silent())
    assert len(fitted) == 1
    for outcome in [*outcomes, *again]:
        assert outcome.report is not None
        assert fitted[0].note() in outcome.report.notes


@pytest.mark.slow
def test_a_conditional_vae_that_draws_nothing_of_the_kind_is_no_evidence(world: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    untrained = ConditionalVae(CvaeSettings(size=(SIZE, SIZE), latent=4, width=8)).eval()
    save_generator(tmp_path / "cvae.safetensors", untrained)
    (mixed,) = audited(world, tmp_path / "out", "mixed", cvae=str(tmp_path / "cvae.safetensors"))
    effect = one(mixed, "attribute_flip_effect", attribute="right", method="cvae")
    assert effect.status == "unusable"
    assert "reconstruction alone moves the score" in (effect.reason or "")
    assert mixed.verdicts[0].verdict == "undecided"
    assert "is unknown (reconstruction alone" in mixed.verdicts[0].why
    assert mixed.gate.state not in ("pass", "none")


def test_several_values_of_an_attribute_make_one_leg_of_the_largest() -> None:
    def found(value: str, low: float | None, high: float | None) -> Measurement:
        status: Any = "ok" if low is not None else "undefined"
        return Measurement(
            audit="cf-align",
            metric="relative_change",
            class_="smile",
            attribute=value,
            value=low,
            status=status,
            reason=None if low is not None else "no image",
            low=low,
            high=high,
            n=40,
        )

    class Study:
        config = config_of()

    study: Any = Study()
    some = [found("skin=a", -0.5, -0.3), found("skin=b", -0.1, 0.2), found("skinny", 0.8, 0.9)]
    (leg,) = counterfactual_legs(study, some, "skin").alignment
    assert (leg.low, leg.high, leg.n) == (0.3, 0.5, 40)
    (missing,) = counterfactual_legs(study, [*some, found("skin=c", None, None)], "skin").alignment
    assert missing.side == "absent"


@pytest.mark.parametrize(
    ("audit", "error", "words"),
    [
        ({"twins": "twn"}, DataError, 'Did you mean "twin"'),
        ({"twins": "none"}, DataError, "No row has a twin"),
        ({"twins": {"rigth": "twin"}}, ConfigError, 'Did you mean "right"'),
        ({"twins": {"right": "twn"}}, DataError, 'Did you mean "twin"'),
        ({"cvae": "nowhere.safetensors"}, FairauditError, "does not exist"),
    ],
)
def test_wrong_twins_and_vaes_are_told(
    world: Path, tmp_path: Path, audit: dict[str, Any], error: type[FairauditError], words: str
) -> None:
    with pytest.raises(error, match=words):
        audited(world, tmp_path, "clean", **audit)


@pytest.mark.parametrize(("value", "low", "high"), [(0.08, 0.04, 0.12), (0.099, 0.05, 0.16), (0.13, 0.09, 0.3)])
def test_the_gate_and_the_verdict_ask_for_the_same_number_of_images(value: float, low: float, high: float) -> None:
    """The middle of the interval, from which the verdict once reckoned, may lie on the other side of the limit."""
    found = Measurement(
        audit="fairness", metric="gap", value=value, low=low, high=high, level=0.95, interval="normal", n=400
    )
    told = needed(found, low, high, Limits(minimum=None, maximum=0.1))
    assert told is not None
    assert leg_of(found, "gap", 0.1).needed() == f"gap: {told[0].lower()}{told[1:-1]}"
