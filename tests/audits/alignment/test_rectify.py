"""cf-rectify on images of two grey halves, where the influence to be taken out is known exactly."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.rectify import SHARES, RectifyRequest, plan_rectify, run_rectify, summaries
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.core.study.study import open_classifier, open_material
from fairaudit.audits.fairness.audit import FairnessAudit
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.rectify import RectifySettings
from fairaudit.errors import DataError, ModelError, UsageError

SIZE, ROWS = 8, 240


class Blocks(nn.Module):
    """A generator that keeps the means of 2 × 2 blocks, none of which is in both halves."""

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 2)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return torch.sigmoid(
            torch.logit(nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest"), eps=1e-3)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.decode(self.encode(images))


class Grey(Blocks):
    """A generator that loses everything."""

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return torch.sigmoid(nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest") * 1e-3)


class Halves(nn.Module):
    """Logits that rise with the brightness of the left half and of the right half."""

    def __init__(self, mix: list[list[float]]) -> None:
        super().__init__()
        self.register_buffer("mix", torch.tensor(mix))

    def forward(self, images: Tensor) -> Tensor:
        left = images[:, :, :, :4].mean(dim=(1, 2, 3))
        right = images[:, :, :, 4:].mean(dim=(1, 2, 3))
        return (torch.stack([left, right], dim=1) - 0.5) * 16.0 @ self.mix.T


def _save(module: nn.Module, path: Path) -> None:
    torch.jit.script(module.eval()).save(str(path))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("halves")
    draws, rows = np.random.default_rng(0), []
    for number in range(ROWS):
        left, right = draws.uniform(0.3, 0.7, 2)
        pixels = np.concatenate([np.full((SIZE, 4), left), np.full((SIZE, 4), right)], axis=1)
        image = np.repeat((pixels * 255).astype(np.uint8)[:, :, None], 3, axis=2)
        Image.fromarray(image).save(folder / f"{number}.png")
        rows.append({"file": f"{number}.png", "left": int(left > 0.5), "right": int(right > 0.5)})
    with (folder / "data.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    _save(Blocks(), folder / "blocks.pt")
    _save(Grey(), folder / "grey.pt")
    _save(Halves([[1.0, 0.0]]), folder / "clean.pt")
    _save(Halves([[0.0, 1.0]]), folder / "right.pt")
    return folder


CONFIG = Config.model_validate(
    {
        "data": {"manifest": "data.csv", "target": "left", "attributes": ["right"]},
        "preprocess": {"size": [SIZE, SIZE]},
        "audit": {"replicates": 400},
    }
)


def rectified(world: Path, out: Path, *, bases: tuple[str, ...], generator: str = "blocks.pt", **more: Any) -> Any:
    right = str(world / "right.pt")
    options = CfOptions(
        generator=world / generator,
        downstream=(f"right={right}",),
        base=bases,
        search=LadderSettings(drop=0.4, floor=0.0),
        min_base_change=0.2,
        config=CONFIG,
        base_folder=world,
        examples=1,
    )
    settings = RectifySettings(rate=0.3, min_base_change=0.2, iterations=more.pop("iterations", 25))
    return run_rectify(
        world / "clean.pt",
        RectifyRequest(options=options, other="right", settings=settings, groups=FairnessAudit, **more),
        config=CONFIG,
        base=world,
        options=RunOptions(output=out, workers=1, device="cpu", formats=("html", "md")),
        progress=Silent(),
    )


def _row(report: Any, metric: str) -> Any:
    return next(m for m in report.measurements if m.metric == metric and m.attribute == "right")


@pytest.fixture(scope="module")
def two(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A planted influence and the clean output, rectified in one command."""
    out = tmp_path_factory.mktemp("two")
    return rectified(world, out, bases=(f"biased=left + 0.5*{world / 'right.pt'}#0", "left")), out


def test_the_report_says_what_was_reached_with_interval_and_n(two: tuple[Any, Path]) -> None:
    (biased, _), out = two
    report = biased.report
    factor, before, after = (
        _row(report, name) for name in ("rectification_factor", "relative_change_before", "relative_change")
    )
    assert factor.value == pytest.approx(-0.5, abs=0.1)
    assert before.value > 0.2
    assert before.low > 0
    assert -0.1 <= after.low <= after.value <= after.high <= 0.1
    assert before.n > 10
    assert after.n > 10
    assert report.data.rows == pytest.approx(0.4 * ROWS, abs=2)  # none of them is among those that β was found on
    assert (report.gate.state, report.gate.exit_code) == ("pass", 0)
    assert json.loads((out / "biased" / "report.json").read_text())["gate"]["state"] == "pass"
    assert {"rectification.png", "rectification-matrix.png"} <= {Path(f.file).name for f in report.figures}
    assert (out / "rectification-matrix.png").is_file()  # all base classifiers before and after
    text = summaries([biased])
    assert "rectified-clean-biased.pt: rectified. β of biased: -0.5" in text
    assert f"(n = {after.n})" in text


def test_the_written_model_opens_like_any_and_is_the_sum(two: tuple[Any, Path], world: Path) -> None:
    (biased, _), out = two
    run = RunOptions(output=out, workers=1, device="cpu")
    material = open_material(CONFIG, base=world, options=run, with_regions=False)
    images = material.loader.load(range(8)).images
    places = (out / "rectified-clean-biased.pt", world / "clean.pt", world / "right.pt")
    opened = [open_classifier(path, config=CONFIG, material=material, options=run) for path in places]
    found, left, right = (model.logits(images).sigmoid()[:, 0] for model in opened)
    expected = left + (0.5 + _row(biased.report, "rectification_factor").value) * right
    torch.testing.assert_close(found, expected.clamp(0, 1), atol=1e-5, rtol=1e-4)


def test_a_base_that_nothing_improves_is_a_row_with_its_reason(two: tuple[Any, Path]) -> None:
    """The clean output does not move with the other one: there is nothing to take out, and nothing is written."""
    (_, clean), out = two
    if clean.report is None:
        assert "No multiple of right brings its mean relative change closer to 0" in clean.error.paragraph()
        assert not (out / "rectified-clean-left.pt").exists()
    else:  # a factor of noise's size
        assert abs(_row(clean.report, "rectification_factor").value) < 0.02


def test_half_the_way_is_not_rectified(world: Path, tmp_path: Path) -> None:
    base = f"biased=left + 0.5*{world / 'right.pt'}#0"
    (found,) = rectified(world, tmp_path, bases=(base,), iterations=5, within=0.02)
    assert found.report.gate.state in ("fail", "inconclusive")
    assert found.report.gate.exit_code in (3, 4)
    assert ": rectified." not in summaries([found])


def test_a_generator_that_cf_align_refuses_is_refused(world: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not evidence about these classifiers"):
        rectified(world, tmp_path, bases=("left",), generator="grey.pt")
    assert not list(tmp_path.glob("*.pt"))


def test_nothing_better_writes_nothing(world: Path, tmp_path: Path) -> None:
    base = f"biased=left + 0.5*{world / 'right.pt'}#0"
    with pytest.raises(DataError, match="No multiple of right"):
        rectified(world, tmp_path, bases=(base,), iterations=1)
    assert not list(tmp_path.glob("*.pt"))


def test_a_rectified_model_that_decides_every_image_alike_fails(world: Path, tmp_path: Path) -> None:
    """Half of its own score and a fifth of the other: what is left of it never reaches a half."""
    base = f"half=0.5*left + 0.2*{world / 'right.pt'}#0"
    (found,) = rectified(world, tmp_path, bases=(base,), within=1.0, iterations=60)
    assert (found.report.gate.state, found.report.gate.exit_code) == ("fail", 3)
    (varies,) = [rule for rule in found.report.gate.rules if rule.rule == "decisions vary"]
    assert varies.state == "fail"
    assert "got the same decision" in varies.why
    assert ": rectified." not in summaries([found])


def test_a_plan_is_of_the_held_out_rows_and_refuses_what_the_run_would(world: Path) -> None:
    options = CfOptions(
        generator=world / "blocks.pt",
        downstream=(f"right={world / 'right.pt'}",),
        config=CONFIG,
        base_folder=world,
    )
    asked = RectifyRequest(options=options, other="right", settings=RectifySettings(), groups=FairnessAudit)
    where = {"config": CONFIG, "base": world, "options": RunOptions(workers=1, device="cpu")}
    plan = plan_rectify(world / "clean.pt", asked, **where)  # type: ignore[arg-type]
    assert (plan.rows, plan.audits) == (round(ROWS * SHARES[1]), ["cf-align", "fairness"])
    assert "of 144 other rows" in plan.besides[0]
    nobody = RectifyRequest(options=options, other="nobody", settings=RectifySettings(), groups=FairnessAudit)
    with pytest.raises(UsageError, match="nobody"):
        plan_rectify(world / "clean.pt", nobody, **where)  # type: ignore[arg-type]
