"""`fairaudit cf-align`: which other classifiers follow when a classifier's evidence is taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.shared import Request, audit_command

if TYPE_CHECKING:
    from fairaudit.audits.alignment.compare import Pair, Single
    from fairaudit.audits.core.report.outcome import Outcome

CF = "Counterfactuals"
PIXELS = 0.05
"""The published program's limit: further along a ray a decoder draws no faces any more, and all scores move."""

GeneratorFile = Annotated[Path, typer.Option(help="Generator with encode and decode.", rich_help_panel=CF)]
AnyGenerator = Annotated[
    Path | None,
    typer.Option("--generator", help="Generator with encode and decode, for latent-shift.", rich_help_panel=CF),
]
GeneratorArch = Annotated[
    str | None, typer.Option(help="For a generator's checkpoint: package.module:factory.", rich_help_panel=CF)
]
Base = Annotated[
    list[str] | None,
    typer.Option(
        help="Output, file or sum to take evidence from, or all; repeat for several.",
        rich_help_panel=CF,
    ),
]
Downstream = Annotated[
    list[str] | None, typer.Option(help="Output, file or sum that may follow; repeat for several.", rich_help_panel=CF)
]
TrainProbe = Annotated[
    list[str] | None, typer.Option(help="Attribute to fit a classifier for; repeat for several.", rich_help_panel=CF)
]
ProbeSplit = Annotated[str | None, typer.Option(help="Split whose rows probes are fitted on.", rich_help_panel=CF)]
SearchKind = Annotated[
    Literal["fast", "compat"], typer.Option(help="How to search; compat is the published ladder.", rich_help_panel=CF)
]
Direction = Annotated[
    Literal["down", "up"], typer.Option(help="down takes evidence away, up adds it.", rich_help_panel=CF)
]
Drop = Annotated[float, typer.Option(help="Change of the base score that ends a search.", rich_help_panel=CF)]
PixelLimit = Annotated[
    float,
    typer.Option(min=0, help="Largest change of the sum of an image's pixels; 0 sets no limit.", rich_help_panel=CF),
]
MinBaseChange = Annotated[
    float, typer.Option(min=0, max=1, help="Least change of the base score that counts.", rich_help_panel=CF)
]
Maker = Annotated[
    Literal["latent-shift", "wachter"],
    typer.Option(
        "--maker",
        help="How counterfactuals are made; wachter moves pixels, without a generator, and is not evidence.",
        rich_help_panel=CF,
    ),
]
CorrectionKind = Annotated[
    Literal["holm", "fdr", "none"],
    typer.Option("--correction", help="Correction of p values for many pairs.", rich_help_panel=CF),
]
Drift = Annotated[
    float,
    typer.Option(min=0, max=1, help="Largest mean change of a score by reconstruction alone.", rich_help_panel=CF),
]
Find = Annotated[
    list[str] | None,
    typer.Option(
        help="Pair BASE,DOWNSTREAM whose most changed images are listed; repeat for several.",
        rich_help_panel=CF,
        metavar="A,B",
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--maps",
        help="Attribution method whose maps of both classifiers are compared; repeat for several.",
        rich_help_panel=CF,
        metavar="METHOD",
    ),
]
Examples = Annotated[int, typer.Option(min=1, help="Images in the figures, per base classifier.", rich_help_panel=CF)]
Compare = Annotated[
    bool, typer.Option("--compare", help="One table over all models, the first as baseline.", rich_help_panel=CF)
]

Animation = Annotated[
    Literal["gif", "webp"], typer.Option("--animation", help="Format of moving pictures.", rich_help_panel=CF)
]


@audit_command
def cf_align(
    models: o.Models,
    generator: AnyGenerator = None,
    generator_arch: GeneratorArch = None,
    base: Base = None,
    downstream: Downstream = None,
    train_probe: TrainProbe = None,
    probe_split: ProbeSplit = None,
    search: SearchKind = "fast",
    direction: Direction = "down",
    drop: Drop = 0.6,
    pixel_limit: PixelLimit = PIXELS,
    min_base_change: MinBaseChange = 0.3,
    maker: Maker = "latent-shift",
    correction: CorrectionKind = "holm",
    drift: Drift = 0.15,
    find: Find = None,
    maps: Maps = None,
    examples: Examples = 4,
    compare: Compare = False,
    animation: Animation = "gif",
    *,
    request: Request,
) -> int:
    """Move images along a classifier's gradient and read every other classifier on the way.

    Example: fairaudit cf-align model.pt --generator ae.safetensors --train-probe necktie --probe-split balanced
    """
    checked(models, baseline=None, request=request)
    from fairaudit.audits.alignment import audit as audits  # loads torch, as what follows does
    from fairaudit.audits.alignment.options import CfOptions, parse_find
    from fairaudit.audits.alignment.shared import SharedFindings
    from fairaudit.audits.zoo.models import model_files
    from fairaudit.cli.launch.audits import launch
    from fairaudit.cli.settings import load
    from fairaudit.counterfactuals.ladder import LadderSettings
    from fairaudit.errors import UsageError
    from fairaudit.generators.checks import Tolerance

    config, folder = load(request.asked)
    options = CfOptions(
        generator=generator,
        generator_arch=generator_arch,
        base=tuple(base or ()),
        downstream=tuple(downstream or ()),
        train_probe=tuple(train_probe or ()),
        probe_split=probe_split,
        search=LadderSettings(
            search=search,
            direction=direction,
            drop=drop,
            pixel_limit=pixel_limit or None,
        ),
        maker=maker,
        min_base_change=min_base_change,
        correction=correction,
        find=parse_find(find or []),
        maps=tuple(maps or ()),
        examples=examples,
        animation=animation,
        tolerance=Tolerance(drift=drift),
        config=config,
        base_folder=folder,
    )
    models = model_files(models)
    if compare and len(models) < 2:
        raise UsageError("There is nothing to compare", wanted="two models or more after --compare", found="one")
    shared = SharedFindings()
    then = partial(_compared, singles=shared.singles, level=config.audit.level, request=request) if compare else None
    return launch(models, baseline=None, request=request, plan=audits.plan(options, shared), then=then)


def _compared(
    outcomes: Sequence[Outcome], *, singles: Mapping[str, Mapping[Pair, Single]], level: float, request: Request
) -> str:
    from fairaudit.audits.alignment.compare import ComparedModel, as_text
    from fairaudit.audits.alignment.compare import compare as table
    from fairaudit.cli.launch.audits import not_audited
    from fairaudit.results.strict_json import dumps

    models = [
        ComparedModel(model=o.name, report=o.report, reason="" if o.error is None else o.error.paragraph())
        for o in outcomes
    ]
    lines = table(models, request.options.output, singles, level=level, seed=request.options.seed)
    if request.as_json:
        return dumps([asdict(line) for line in lines])
    return "".join([as_text(lines), *(not_audited(outcome) for outcome in outcomes)])
