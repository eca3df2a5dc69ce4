"""The counterfactual audit end to end, on models and a generator whose answers are known."""

from __future__ import annotations

import csv
import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from fairaudit.audits.alignment.audit import plan
from fairaudit.audits.alignment.options import CfOptions, parse_find
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.audits.core.run import run_models
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.probe import ProbeSettings
from fairaudit.errors import FairauditError, ModelError, UsageError
from fairaudit.results.report import Report

SIZE = 28


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


class Halves(nn.Module):
    """Logits that rise with the brightness of the left half, of the right half, and of both."""

    def __init__(self, mix: list[list[float]]) -> None:
        super().__init__()
        self.register_buffer("mix", torch.tensor(mix))

    def forward(self, images: Tensor) -> Tensor:
        left = images[:, :, :, :14].mean(dim=(1, 2, 3))
        right = images[:, :, :, 14:].mean(dim=(1, 2, 3))
        return (torch.stack([left, right], dim=1) - 0.5) * 16.0 @ self.mix.T


def _save(module: nn.Module, path: Path) -> Path:
    torch.jit.script(module.eval()).save(str(path))
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of two grey halves, a target (left is light), an attribute (right is light), and models of either."""
    folder = tmp_path_factory.mktemp("world")
    draws = np.random.default_rng(0)
    rows = []
    for number in range(190):
        left, right = draws.uniform(0.3, 0.7, 2)
        pixels = np.concatenate([np.full((SIZE, 14), left), np.full((SIZE, 14), right)], axis=1)
        pixels = pixels + draws.normal(0, 0.02, (SIZE, SIZE))
        image = np.repeat((pixels.clip(0, 1) * 255).astype(np.uint8)[:, :, None], 3, axis=2)
        Image.fromarray(image).save(folder / f"{number}.png")
        split = "test" if number < 90 else "probe"
        rows.append({"file": f"{number}.png", "left": int(left > 0.5), "right": int(right > 0.5), "split": split})
    with (folder / "data.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    _save(Blocks(), folder / "blocks.pt")
    _save(Halves([[1.0, 0.0]]), folder / "clean.pt")
    _save(Halves([[1.0, 0.8]]), folder / "mixed.pt")
    _save(Halves([[0.0, 1.0]]), folder / "right.pt")
    _save(Halves([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), folder / "many.pt")
    return folder


def _config(**model: Any) -> Config:
    return Config.model_validate(
        {
            "data": {
                "manifest": "data.csv",
                "target": "left",
                "attributes": ["right"],
                "split": {"column": "split", "use": "test"},
            },
            "preprocess": {"size": [SIZE, SIZE]},
            "model": model,
        }
    )


def _run(
    world: Path, out: Path, model: str = "clean.pt", config: Config | None = None, **asked: Any
) -> tuple[Report, Path]:
    chosen = config or _config()
    asked.setdefault("downstream", (str(world / "right.pt"),))
    options = CfOptions(
        generator=asked.pop("generator", world / "blocks.pt"), config=chosen, base_folder=world, examples=1, **asked
    )
    outcome = run_models(
        [world / model],
        baseline=None,
        config=chosen,
        base=world,
        options=RunOptions(output=out, workers=1, device="cpu"),
        plan=plan(options, SharedFindings()),
        progress=Silent(),
    )[0]
    assert outcome.report is not None
    return outcome.report, outcome.folder


def _value(report: Report, base: str, downstream: str | None, metric: str = "relative_change") -> Any:
    return next(m for m in report.measurements if (m.metric, m.class_, m.attribute) == (metric, base, downstream))


@pytest.mark.slow
def test_shared_evidence_is_found_and_separate_evidence_is_not(world: Path, tmp_path: Path) -> None:
    clean, folder = _run(world, tmp_path / "clean")
    mixed, _ = _run(world, tmp_path / "mixed", "mixed.pt")
    apart, together = _value(clean, "left", "right"), _value(mixed, "left", "right")
    assert apart.value == pytest.approx(0.0, abs=1e-4)
    assert together.low > 0.2
    assert together.extra["p_adjusted"] < 1e-3
    assert _value(mixed, "left", "left").value == 1.0
    base = _value(clean, "left", None, "base_change")
    assert base.n == apart.n
    assert base.extra["eligible"] >= base.n
    assert sorted(file.name for file in (folder / "figures").iterdir()) == [
        "alignment-left.png",
        "alignment-matrix.png",
        "counterfactuals-left.gif",
        "counterfactuals-left.png",
    ]


@pytest.mark.slow
def test_a_matrix_over_the_outputs_of_one_model(world: Path, tmp_path: Path) -> None:
    config = _config(output="multilabel", classes=["l", "r", "sum"], pick="l")
    report, _ = _run(world, tmp_path, "many.pt", config, base=("all",), downstream=("all",))
    names = ("l", "r", "sum")
    found = {(b, d): _value(report, b, d).value for b in names for d in names}
    assert all(found[name, name] == 1.0 for name in names)
    assert abs(found["l", "r"]) < 1e-3
    assert found["l", "sum"] > 0.1
    assert found["sum", "l"] > 0.1


@pytest.mark.slow
def test_expressions_compat_and_upwards(world: Path, tmp_path: Path) -> None:
    right = world / "right.pt"
    sums = f"biased=left + 0.3*{right}#0"
    down, _ = _run(world, tmp_path / "down", base=("left", sums), downstream=(f"right={right}",))
    assert abs(_value(down, "left", "right").value) < 1e-3
    assert _value(down, "biased", "right").value > 0.1
    search = LadderSettings(search="compat", direction="up", step=1)
    up, _ = _run(world, tmp_path / "up", "mixed.pt", search=search)
    assert _value(up, "left", "right").low > 0.2
    assert _value(up, "left", "right").method == "latent-shift-compat-up"


@pytest.mark.slow
def test_a_second_run_takes_everything_from_the_store(world: Path, tmp_path: Path) -> None:
    first, _ = _run(world, tmp_path, "mixed.pt")
    second, _ = _run(world, tmp_path, "mixed.pt")
    assert (first.run.resumed_chunks, second.run.resumed_chunks) == (0, 1)
    assert first.measurements == second.measurements


@pytest.mark.slow
def test_a_probe_stands_for_an_attribute_without_a_classifier(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairaudit.audits.alignment.probe.ProbeSettings", functools.partial(ProbeSettings, steps=40))
    options: dict[str, Any] = {"downstream": (), "train_probe": ("right",)}
    with pytest.raises(UsageError, match="--probe-split"):
        _run(world, tmp_path / "none", **options)
    with pytest.raises(UsageError, match="audited"):
        _run(world, tmp_path / "same", probe_split="test", **options)
    report, _ = _run(world, tmp_path / "probe", "mixed.pt", probe_split="probe", **options)
    assert _value(report, "left", "right").n > 5
    assert any(note.startswith("Probe for right: right on") for note in report.notes)
    other, _ = _run(
        world, tmp_path / "base", "mixed.pt", probe_split="probe", base=("right",), min_base_change=0.01, **options
    )
    assert _value(other, "right", "left").value is not None


@pytest.mark.slow
def test_single_images_of_a_pair_are_listed(world: Path, tmp_path: Path) -> None:
    report, _ = _run(world, tmp_path / "a", "mixed.pt", find=(("left", "right"),))
    assert any(note.startswith("Strongest single images, left → right (median") for note in report.notes)


def test_pixels_need_no_generator_and_are_no_evidence(world: Path, tmp_path: Path) -> None:
    """The model adds .8 of the right half: pixels of both halves move, and the numbers stay a baseline."""
    gates = {"gates": [{"metric": "relative_change", "class": "left", "attribute": "right", "max": 5.0}]}
    config = Config.model_validate({**_config().model_dump(exclude_none=True, by_alias=True), **gates})
    report, folder = _run(world, tmp_path, "mixed.pt", config, generator=None, maker="wachter", min_base_change=0.05)
    found, base = _value(report, "left", "right"), _value(report, "left", None, "base_change")
    assert (found.method, found.status) == ("wachter", "unusable")
    assert found.value > 0.2
    assert found.n == base.n > 10
    assert found.reason.startswith("pixels were moved straight towards another score")
    assert any(note.startswith("These counterfactuals are a baseline, not evidence") for note in report.notes)
    assert not any("counterfactuals align at" in note for note in report.notes)
    assert report.gate.state == "inconclusive"  # the limit holds for the number, which is no evidence
    ends = {name: value for name, value in base.extra.items() if name.startswith("stop: ")}
    assert sum(ends.values()) == base.extra["eligible"]
    assert any(name.startswith("stop: base score near 0 at λ = ") for name in ends)
    assert [file.name for file in (folder / "figures").iterdir()] == ["alignment-matrix.png"]


def test_latent_shift_asks_for_a_generator() -> None:
    with pytest.raises(UsageError, match="latent space"):
        CfOptions(config=_config(), base_folder=Path())


@pytest.mark.slow
def test_a_generator_that_loses_the_evidence_is_refused_as_evidence(world: Path, tmp_path: Path) -> None:
    class Grey(Blocks):
        @torch.jit.export
        def decode(self, latents: Tensor) -> Tensor:
            return 0.5 + 0.001 * nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")

        @torch.jit.export
        def encode(self, images: Tensor) -> Tensor:
            return nn.functional.avg_pool2d(images, 2)

    path = _save(Grey(), tmp_path / "grey.pt")
    report, _ = _run(world, tmp_path / "out", generator=path, min_base_change=0.0)
    assert {m.status for m in report.measurements} <= {"unusable", "undefined"}
    assert any("refused as evidence" in note for note in report.notes)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"downstream": ("necktie",)}, 'no output and no file called "necktie"'),
        ({"base": ("lefft",)}, 'Did you mean "left"'),
        ({"downstream": ()}, "nothing to compare"),
        ({"generator": Path("nowhere.pt")}, "model file does not exist"),
        ({"train_probe": ("rigth",), "downstream": ()}, 'Did you mean "right"'),
    ],
)
def test_input_errors_are_clear(world: Path, tmp_path: Path, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(FairauditError, match=words):
        _run(world, tmp_path, **asked)


class _Constant(Blocks):
    """Draws the same grey whatever the latent is, but through it."""

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 2)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return 0.5 + 0.0 * nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")


class _Random(Blocks):
    """Draws something else every time."""

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 2)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        drawn = nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")
        return 0.5 * drawn + 0.5 * torch.rand_like(drawn)


class _Larger(Blocks):
    """Gives back images of twice the size."""

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return images

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")


class _Broken(Blocks):
    """Fine images, but the slope of a root at 0 is infinite, and times 0 that is no number."""

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 2)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        drawn = nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")
        return drawn + torch.sqrt(drawn * 0.0)


@pytest.mark.parametrize(
    ("generator", "words"),
    [(_Larger, r"another size.*\[3, 28, 28\].*\[3, 56, 56\]"), (_Broken, "gradient .* is not finite.*100%")],
)
def test_generators_that_cannot_be_used_are_one_paragraph(
    world: Path, tmp_path: Path, generator: type[nn.Module], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        _run(world, tmp_path / "out", generator=_save(generator(), tmp_path / "generator.pt"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("generator", "words"),
    [(_Constant, "zero for every image, so nothing can be moved"), (_Random, "not deterministic")],
)
def test_generators_that_draw_nothing_or_anything_are_no_evidence(
    world: Path, tmp_path: Path, generator: type[nn.Module], words: str
) -> None:
    report, _ = _run(world, tmp_path / "out", generator=_save(generator(), tmp_path / "generator.pt"))
    assert {m.status for m in report.measurements} <= {"unusable", "undefined"}
    assert any("refused as evidence" in note and words in note for note in report.notes)


@pytest.mark.slow
def test_without_positive_predictions_everything_is_undefined_with_the_reason(world: Path, tmp_path: Path) -> None:
    class Never(Halves):
        def forward(self, images: Tensor) -> Tensor:
            return images.mean(dim=(1, 2, 3))[:, None] - 9.0

    report, folder = _run(world, tmp_path / "out", str(_save(Never([[1.0, 0.0]]), tmp_path / "never.pt")))
    assert {m.status for m in report.measurements} == {"undefined"}
    assert all(m.value is None and m.reason for m in report.measurements)
    assert (folder / "report.json").is_file()


def test_a_classifier_is_no_generator(world: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="without encode and decode"):
        _run(world, tmp_path, generator=world / "clean.pt")


def test_options_are_checked_before_anything_is_opened() -> None:
    options = CfOptions(generator=Path("g"), config=_config(), base_folder=Path())
    with pytest.raises(UsageError, match="--maker"):
        replace(options, maker="magic")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--min-base-change"):
        replace(options, min_base_change=2.0)
    with pytest.raises(UsageError, match="BASE,DOWNSTREAM"):
        parse_find(["smiling"])


def test_the_models_threshold_says_what_is_positive_however_the_base_is_named(world: Path, tmp_path: Path) -> None:
    def eligible(name: str, config: Config | None = None, **asked: Any) -> object:
        report, _ = _run(world, tmp_path / name, config=config, **asked)
        return _value(report, "left", None, "base_change").extra["eligible"]

    strict, plain = _config(threshold=0.7), eligible("plain")
    found = [eligible("a", strict), eligible("b", strict, base=("left",)), eligible("c", strict, base=("all",))]
    assert found == [found[0]] * 3
    assert isinstance(plain, int)
    assert 0 < found[0] < plain


@pytest.mark.parametrize(
    ("find", "words"), [("left,foo", 'no downstream classifier called "foo"'), ("right,left", "no base classifier")]
)
def test_pairs_to_find_are_checked_before_anything_is_computed(
    world: Path, tmp_path: Path, find: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        _run(world, tmp_path, find=parse_find([find]))
    assert not (tmp_path / "report.json").exists()


def test_what_wachter_cannot_do_is_refused_and_the_factory_is_part_of_the_key() -> None:
    options = CfOptions(generator=Path("g"), config=_config(), base_folder=Path())
    with pytest.raises(UsageError, match="wachter can only lower scores"):
        replace(options, maker="wachter", search=LadderSettings(direction="up"))
    assert options.key() != replace(options, generator_arch="nets:other").key()


def test_a_value_of_a_probe_is_named_as_the_probe_calls_it() -> None:
    from fairaudit.audits.alignment.heads import _Collected, _named
    from fairaudit.cli.cf_rectify import _name

    found = _Collected(probes={"tri=a": (1, 0), "tri=b": (1, 1)})
    assert _named("tri=b", None, None, found, ("left",)) == [0]  # type: ignore[arg-type]
    assert found.columns == [({(1, 1): 1.0}, "tri=b", 0.5)]
    assert _name("tri=b", ["tri"]) == "tri=b"
    assert _name("alias=left", ["tri"]) == "alias"


def test_images_that_cannot_be_read_are_one_paragraph(world: Path, tmp_path: Path) -> None:
    for file in ("clean.pt", "blocks.pt", "right.pt", "data.csv"):
        (tmp_path / file).write_bytes((world / file).read_bytes())
    for number in range(190):
        (tmp_path / f"{number}.png").write_bytes(b"no picture")
    with pytest.raises(FairauditError, match=r"Not one|can be read"):
        _run(tmp_path, tmp_path / "out")


def test_maps_of_two_outputs_in_closed_form(world: Path, tmp_path: Path) -> None:
    """Gradients of l and r are two levels, one in each half: ranks go against each other. That of their sum is flat."""
    config = _config(output="multilabel", classes=["l", "r", "sum"], pick="l")
    right, mixed = world / "right.pt", f"mixed=l + 0.3*{world / 'right.pt'}#0"
    report, _ = _run(
        world, tmp_path, "many.pt", config, base=("l",), downstream=("r", "sum", f"other={right}", mixed),
        maps=("gradient",), generator=None, maker="wachter",
    )  # fmt: skip
    found = {
        (m.metric, m.attribute): m
        for m in report.measurements
        if m.metric.startswith("map_") and m.method == "gradient"
    }
    assert {name for _, name in found} == {"r", "sum", "other", "mixed"}  # not l with itself
    for name in ("r", "other"):
        signed, size = found["map_similarity", name], found["map_similarity_absolute", name]
        assert signed.value == pytest.approx(-1.0)
        assert size.value == pytest.approx(-1.0)
        assert signed.n == 48
        assert signed.chance == pytest.approx(-1.0)  # every image has the same gradient
    flat = found["map_similarity", "sum"]
    assert (flat.value, flat.status, flat.n) == (None, "undefined", 0)
    assert "constant in every image" in flat.reason
    # The gradient of a sum of two scores is a sum of their slopes, that of l being larger nearly everywhere.
    assert found["map_similarity", "mixed"].value > 0.5
    assert any(note.startswith("Similar maps of two classifiers say") for note in report.notes)


@pytest.mark.parametrize(
    ("maps", "words"),
    [(("gradiant",), 'Did you mean "gradient"'), (("cgi",), "needs no labels"), (("gradient", "gradient"), "twice")],
)
def test_methods_of_maps_are_checked_before_anything_is_computed(
    world: Path, tmp_path: Path, maps: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        _run(world, tmp_path, maps=maps)


def test_a_method_that_needs_a_graph_is_refused_for_a_sum(world: Path, tmp_path: Path) -> None:
    sums = f"mixed=left + 0.3*{world / 'right.pt'}#0"
    with pytest.raises(FairauditError, match=r"--maps guided_backpropagation is not valid for"):
        _run(world, tmp_path, base=(sums,), maps=("guided_backpropagation",), generator=None, maker="wachter")
