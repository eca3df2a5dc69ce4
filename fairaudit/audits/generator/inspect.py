"""What a generator does to the images of a manifest and to models' scores, without any counterfactual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairaudit.audits.alignment.heads import classifier_heads, output_names
from fairaudit.audits.core.study.device import pick_device
from fairaudit.audits.core.study.study import open_classifier, open_material
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.batch import readable
from fairaudit.generators.checks import CHECKED, Facts, Tolerance, check_generator, refuse
from fairaudit.generators.generator import Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What was measured with one model."""

    model: str
    """Its file."""
    head: str
    """Its output that reconstruction moves most."""
    facts: Facts
    """What was measured."""
    refusal: str | None
    """Why the generator is no evidence about this model; None where it may be used."""


def inspect_generator(
    generator: Generator,
    models: Sequence[Path],
    config: Config,
    *,
    base: Path,
    options: RunOptions,
    tolerance: Tolerance,
) -> list[Inspected]:
    """Reconstruct images that are spread evenly over the manifest, and read every model before and after.

    Raises:
        ModelError: the generator or a model does not fit the images.
    """
    material = open_material(config, base=base, options=options, with_regions=False)
    rows = np.unique(np.linspace(0, len(material.manifest.ids) - 1, CHECKED).astype(np.int64))
    images = readable(material.loader.load(rows.tolist())).to(pick_device(options.device))
    found = []
    for path in models:
        model = open_classifier(path, config=config, material=material, options=options)
        target = material.manifest.target
        names = output_names(model, model.name if target is None else target.name)
        heads = classifier_heads(model, names)
        facts = check_generator(generator, lambda x, h=heads: h.values(h.outputs(x)), images)  # type: ignore[misc]
        found.append(
            Inspected(model=path.name, head=names[facts.drift_head], facts=facts, refusal=refuse(facts, tolerance))
        )
    return found
