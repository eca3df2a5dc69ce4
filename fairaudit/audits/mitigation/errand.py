"""The work of a cluster's worker for `fairaudit mitigate`: fits, on a model and data that it opens once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.core.study.study import open_classifier
from fairaudit.audits.mitigation.fits.fit import UNCHANGED, fit_one, fit_vanilla, with_vanilla
from fairaudit.audits.mitigation.fits.store import Unit
from fairaudit.audits.mitigation.judge import Judge
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.over_phi import Associations, associations, trained, training
from fairaudit.audits.mitigation.run import OpenedRun, open_run
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.cluster import fetched
from fairaudit.engine.expected import as_expected
from fairaudit.errors import FairauditError
from fairaudit.mitigation.registry import METHODS
from fairaudit.mitigation.samples import Coded
from fairaudit.models.classifier import Classifier
from fairaudit.results.strict_json import write_bytes

if TYPE_CHECKING:
    import ray


@dataclass(frozen=True, slots=True, kw_only=True)
class MitigationInput:
    """What all workers share: how model and data are opened, not what is in them."""

    path: Path
    config: Config
    base: Path
    options: RunOptions
    asked: MitigateOptions
    folder: Path
    """Working folder that paths are relative to, which every machine has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One task."""

    unit: Unit
    """What to fit; the unchanged model comes with what the process that asks must know of it."""
    phi: float | None
    """Association that the model was trained at; None for the model as it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoosingLabels:
    """The choosing part's codes without its images."""

    target: Tensor
    attribute: Tensor
    classes: int
    groups: int

    @classmethod
    def of(cls, part: Coded) -> ChoosingLabels:
        """The codes of a part."""
        return cls(target=part.target, attribute=part.attribute, classes=part.classes, groups=part.groups)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unchanged:
    """What is known about the model that was trained at a φ."""

    trained: Mapping[str, bytes]
    """Files of its weights."""
    key: str
    """What its fits are stored under."""
    choose: ChoosingLabels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BroughtFit:
    """What a task brings back."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    """Of the fit."""
    unchanged: Unchanged | None = None
    error: FairauditError | None = None
    """Why nothing can be fitted."""


@dataclass(slots=True)
class _Fitter:
    """What a worker keeps from one task to the next."""

    of: str = ""
    """Which shared value the rest was made of."""
    given: MitigationInput | None = None
    every: tuple[Classifier, Associations] | None = None
    """The architecture, and the rows of every φ."""
    phi: float | None = None
    opened: OpenedRun | None = None
    """The run at that φ; those of others would fill the memory."""
    judge: Judge | None = None
    """Its judge with the unchanged model's maps, once a method was fitted."""
    trained: Mapping[str, bytes] = field(default_factory=dict)


_fitter: Final = _Fitter()


def fitted(shared: list[ray.ObjectRef], errand: Errand, held: bytes | None) -> BroughtFit:
    """Make a fit.

    Args:
        shared: `MitigationInput`, in the object store.
        errand: what to fit.
        held: weights of the model that was trained at this φ, where they are known already.
    """
    try:
        opened = _opened(shared, errand.phi, held)
    except Exception as error:
        expected = as_expected(error)
        if expected is None:
            raise
        return BroughtFit(error=expected)
    with tempfile.TemporaryDirectory(prefix="fairaudit-") as scratch:
        store = replace(opened.store, folder=Path(scratch))
        if errand.unit == UNCHANGED:
            fit_vanilla(opened.judge, store)
            known = Unchanged(
                trained=_fitter.trained, key=store.key, choose=ChoosingLabels.of(opened.judge.task.choose)
            )
            return BroughtFit(files=store.packed(errand.unit), unchanged=known)
        _fitter.judge = judge = _fitter.judge or with_vanilla(opened.judge)
        store.save(fit_one(judge, METHODS[errand.unit.method], errand.unit))
        return BroughtFit(files=store.packed(errand.unit))


def _opened(shared: list[ray.ObjectRef], phi: float | None, held: bytes | None) -> OpenedRun:
    """The run at a φ, opened once for all of this worker's tasks that follow one another."""
    if _fitter.given is None or _fitter.of != shared[0].hex():
        torch.set_num_threads(1)  # a task has one processor
        given: MitigationInput = fetched(shared)
        os.chdir(given.folder)
        _fitter.of, _fitter.given, _fitter.every, _fitter.opened = shared[0].hex(), given, None, None
    if _fitter.opened is None or _fitter.phi != phi:
        _fitter.opened = _fitter.judge = None  # the images of another φ go before new ones come
        with tempfile.TemporaryDirectory(prefix="fairaudit-") as scratch:
            _fitter.opened, _fitter.phi = _open(_fitter.given, phi, held, Path(scratch)), phi
    return _fitter.opened


def _open(given: MitigationInput, phi: float | None, held: bytes | None, scratch: Path) -> OpenedRun:
    options = replace(given.options, output=scratch)
    if phi is None:
        return open_run(given.path, config=given.config, base=given.base, options=options, asked=given.asked)
    if _fitter.every is None:
        data = associations(given.config, base=given.base, options=options, asked=given.asked)
        model = open_classifier(given.path, config=given.config, material=data.material, options=options)
        _fitter.every = model, data
    model, data = _fitter.every
    store, unit, _ = training(model, phi, data, options, given.asked)
    if held is not None:
        write_bytes(store.path(unit), held)
    opened = trained(model, phi, data, given.config, options, given.asked, Silent())
    _fitter.trained = store.packed(unit)
    return opened
