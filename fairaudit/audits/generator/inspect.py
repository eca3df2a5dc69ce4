"""What a generator does to the images of a manifest and to models' scores, without any counterfactual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.alignment.heads import classifier_heads, output_names
from fairaudit.audits.core.study.device import pick_device
from fairaudit.audits.core.study.study import open_classifier, open_material
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.batch import Batch, readable
from fairaudit.generators.checks import JUDGED, Facts, Tolerance, check_generator, refuse, undecided
from fairaudit.generators.cvae import ConditionalVae, Conditioned
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
    """Why the generator is no evidence about this model; None where it is not refused."""
    undecided: str | None
    """Why too little is known to use it; None where it may be used, or is refused."""


def inspect_generator(
    generator: Generator | ConditionalVae,
    models: Sequence[Path],
    config: Config,
    *,
    base: Path,
    options: RunOptions,
    tolerance: Tolerance,
    rows: NDArray[np.int64] | None = None,
) -> list[Inspected]:
    """Reconstruct images, and read every model before and after.

    Args:
        generator: what is judged; a conditional VAE reconstructs under every image's own labels.
        models: files of the models.
        config: says which images.
        base: folder of the configuration.
        options: device and limit.
        tolerance: what may still be used.
        rows: rows of the manifest, such as those that were held out in training; left out, all of them or 256 that
            are spread evenly.

    Raises:
        ModelError: the generator or a model does not fit the images.
    """
    material = open_material(config, base=base, options=options, with_regions=False)
    if rows is None:
        rows = np.unique(np.linspace(0, len(material.manifest.ids) - 1, JUDGED).astype(np.int64))
    device = torch.device(pick_device(options.device))
    batch = material.loader.load(rows[:JUDGED].tolist())
    images = readable(batch).to(device)
    coders = _conditioned(generator, batch, device) if isinstance(generator, ConditionalVae) else generator
    found = []
    for path in models:
        model = open_classifier(path, config=config, material=material, options=options)
        target = material.manifest.target
        names = output_names(model, model.name if target is None else target.name)
        heads = classifier_heads(model, names)
        facts = check_generator(coders, lambda x, h=heads: h.values(h.outputs(x)), images)  # type: ignore[misc]
        refusal = refuse(facts, tolerance)
        open_question = None if refusal else undecided(facts, tolerance)
        found.append(
            Inspected(
                model=path.name, head=names[facts.drift_head], facts=facts, refusal=refusal, undecided=open_question
            )
        )
    return found


def _conditioned(model: ConditionalVae, batch: Batch, device: torch.device) -> Conditioned:
    attributes = np.stack([batch.attributes[name] for name, _ in model.settings.attributes], axis=1)
    codes = [torch.from_numpy(each.astype(np.int64)) for each in (batch.target, attributes)]
    return Conditioned(model.to(device), model.condition(codes[0], codes[1]).to(device))
