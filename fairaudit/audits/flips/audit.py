"""The flip audit: does the decision change when the attribute is flipped and nothing else?

Flipped images are exact twins that the manifest names, or what a conditional VAE draws from the same latent under
another value of the attribute, held against what it draws under the image's own value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.alignment.probe import FittedProbe
from fairaudit.audits.core.stream.audit import Context, Findings, Predictions, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.cvae import OpenedCvae, opened_cvaes
from fairaudit.audits.core.study.study import Study, audited
from fairaudit.audits.flips.read import read_flips
from fairaudit.counterfactuals.interpolation import MatchedPair, interpolation_path, matched_pair
from fairaudit.data.loader import Loader
from fairaudit.engine.part import Columns, Part
from fairaudit.interventions.flip import flip_effect

TWINS, CVAE = "twins", "cvae"
"""How attributes are flipped; `method` of the measurements."""


class FlipAudit:
    """Columns per image, attribute and way of flipping: the paired changes of every model.

    Args:
        study: models and data; the manifest knows the twins, the configuration the conditional VAEs.
        probes: attribute → a classifier of it, which shows whether a drawn picture shows the new value.
    """

    name = "counterfactual"

    def __init__(self, study: Study, probes: Mapping[str, FittedProbe] | None = None) -> None:
        self.study = study
        self._probes = dict(probes or {})
        self._twins = twin_loaders(study)
        self._cvaes = {name: found for name, found in opened_cvaes(study).items() if name in study.attributes}

    @property
    def ways(self) -> Sequence[tuple[str, str]]:
        """(attribute, how it is flipped) of everything that is measured."""
        return [*((name, TWINS) for name in self._twins), *((name, CVAE) for name in self._cvaes)]

    def settings(self) -> Mapping[str, Any]:
        """The attributes with twins, whose bytes are part of the data's digest, the VAEs and the probes."""
        return {
            "twins": list(self._twins),
            "cvaes": {name: found.sha256 for name, found in self._cvaes.items()},
            "probes": {name: probe.digest for name, probe in self._probes.items()},
        }

    def map(self, context: Context) -> Part:
        """Paired changes of the batch's images, NaN for those without a flipped image."""
        columns: Columns = {}
        for attribute, loader in self._twins.items():
            columns |= self._with_twins(context, attribute, loader)
        for attribute, opened in self._cvaes.items():
            columns |= self._with_cvae(context, attribute, opened)
        return Part(columns=columns)

    def measure(self, total: Total) -> Findings:
        """Means with intervals per attribute, class and group, and what was left out."""
        return read_flips(total, self.ways)

    def _with_twins(self, context: Context, attribute: str, loader: Loader) -> Columns:
        batch = loader.load(context.batch.rows.tolist())
        at = np.flatnonzero(np.isin(context.batch.rows, batch.rows))
        columns: Columns = {}
        for role, model in _models(context):
            found: Mapping[str, NDArray[np.generic]] = {}
            if len(at):
                asked = {"twins": attribute}
                found = context.recalled(model, asked, partial(_flipped, context, model, at, batch.images))
            columns |= _spread(len(context.batch.rows), at, found, role, attribute, TWINS, names=FLIP_COLUMNS)
        return columns

    def _with_cvae(self, context: Context, attribute: str, opened: OpenedCvae) -> Columns:
        batch, device = context.batch, context.images.device
        codes = batch.attributes[attribute]
        at = np.flatnonzero((codes >= 0) & (batch.target >= 0))
        columns: Columns = {}
        names = (*FLIP_COLUMNS, "drift", "drawn")
        if not len(at):
            for role, _ in _models(context):
                columns |= _spread(len(batch.rows), at, {}, role, attribute, CVAE, names=names)
            return columns
        images = context.images[torch.from_numpy(at).to(device)]
        own, target = (torch.from_numpy(values[at].astype(np.int64)).to(device) for values in (codes, batch.target))
        pairs = [
            (to, matched_pair(interpolation_path(opened.model, images, target, own, to)))
            for to in ((own + step) % opened.values for step in range(1, opened.values))
        ]
        asked = {"cvae": attribute, "settings": self.settings()}
        for role, model in _models(context):
            found = context.recalled(model, asked, partial(self._drawn, attribute, model, at, pairs))
            columns |= _spread(len(batch.rows), at, found, role, attribute, CVAE, names=names)
        return columns

    def _drawn(
        self,
        attribute: str,
        model: Predictions,
        at: NDArray[np.int64],
        pairs: Sequence[tuple[torch.Tensor, MatchedPair]],
    ) -> dict[str, NDArray[np.float64]]:
        """What drawing the attribute's other values changes, in the mean over them, and how well they are drawn."""
        before = _scores(model, pairs[0][1].factual)
        each = [flip_effect(model.model, before, _scores(model, pair.counterfactual)) for _, pair in pairs]
        found = {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}
        if len(pairs) > 1:  # a share of the other values, so that a mean of 0 and 1 stays 0 or 1
            found["attribute_flip_rate"] = np.max([one["attribute_flip_rate"] for one in each], axis=0)
        moved = torch.from_numpy(model.scores[at]).to(before) - before
        found["drift"] = (moved.abs().sum(dim=1) / 2).double().cpu().numpy()
        if attribute in self._probes:
            shown = [self._decided(attribute, pair.counterfactual) == to.cpu().numpy() for to, pair in pairs]
            found["drawn"] = np.mean(shown, axis=0)
        return found

    @torch.no_grad()
    def _decided(self, attribute: str, images: torch.Tensor) -> NDArray[np.int64]:
        heads = self._probes[attribute].heads
        return heads.values(heads.outputs(images)).argmax(dim=1).cpu().numpy()


FLIP_COLUMNS = ("attribute_flip_effect", "attribute_flip_signed", "attribute_flip_rate")


def twin_loaders(study: Study) -> dict[str, Loader]:
    """A loader of the twins of every audited attribute that has some.

    Raises:
        UsageError: twins of an attribute that the data do not have.
    """
    manifest, given = study.manifest, study.material.loader
    audited(list(manifest.twins), manifest.attributes, kind="attribute")
    preprocess = given.preprocess.model_copy(update={"size": given.input_size()})
    loaders = {}
    for attribute, source in manifest.twins.items():
        if attribute in study.attributes:
            loaders[attribute] = Loader(replace(manifest, source=source), preprocess, {}, given.workers)
            if given.cache is not None:
                loaders[attribute].cache = given.cache.beside(f"twins-{list(manifest.twins).index(attribute)}")
    return loaders


def _flipped(
    context: Context, model: Predictions, at: NDArray[np.int64], twins: torch.Tensor
) -> Mapping[str, NDArray[np.float64]]:
    own = torch.from_numpy(model.scores[at])
    return flip_effect(model.model, own, _scores(model, twins.to(context.images.device)))


def _models(context: Context) -> list[tuple[str, Predictions]]:
    baseline = [("baseline", context.baseline)] if context.baseline is not None else []
    return [("candidate", context.candidate), *baseline]


@torch.no_grad()
def _scores(model: Predictions, images: torch.Tensor) -> torch.Tensor:
    return model.model.scores(model.model.logits(images)).double().cpu()


def _spread(
    count: int,
    at: NDArray[np.int64],
    found: Mapping[str, NDArray[np.generic]],
    *place: str,
    names: Sequence[str],
) -> Columns:
    """Columns over all images of a batch, NaN where there is nothing."""
    columns: Columns = {}
    for name in names:
        whole = np.full(count, np.nan)
        if name in found:
            whole[at] = found[name]
        columns[column(*place, name)] = whole
    return columns
