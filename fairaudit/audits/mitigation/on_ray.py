"""Fits on a Ray cluster: a task is a method, a seed, a λ and a φ, and the process that asks is the only writer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.mitigation.errand import BroughtFit, Errand, MitigationInput, fitted
from fairaudit.audits.mitigation.fits.fit import UNCHANGED, asked_methods, fit_vanilla
from fairaudit.audits.mitigation.fits.search import Wave, tried_strengths
from fairaudit.audits.mitigation.fits.store import Fit, FitStore, Unit
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.over_phi import Associations, training
from fairaudit.audits.mitigation.run import FITS, OpenedRun
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.cluster import Calls, Lost, joined
from fairaudit.errors import MethodError
from fairaudit.mitigation.method import MitigationMethod
from fairaudit.mitigation.samples import Coded
from fairaudit.models.classifier import Classifier
from fairaudit.results.strict_json import write_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRay:
    """How `run_mitigate` and `run_over_phi` have their fits made on a cluster; they then find them stored.

    Every worker opens model and data itself, from the paths of the process that asks. What the workers fit comes back
    through Ray's object store and is written here. A fit whose worker dies twice is a row with its reason.
    """

    path: Path
    config: Config
    base: Path
    options: RunOptions
    asked: MitigateOptions
    progress: Progress

    def fits(self, opened: OpenedRun) -> Mapping[Unit, str]:
        """Fit everything about the model as it is; returns the units that were lost, with the reason.

        Raises:
            FairauditError: there is no cluster, or a worker cannot open what this process has opened.
        """
        line = _Line(None, self.asked, self.options.seed)
        judge, store = opened.judge, opened.store
        first = line.begin(store, judge.task.choose, fit_vanilla(judge, store))
        self._made([line], [Errand(unit=unit, phi=None) for unit in first], lambda _errand: None)
        return line.lost

    def fits_over(self, model: Classifier, data: Associations) -> Mapping[float, Mapping[Unit, str]]:
        """Train a model at every φ and fit everything about it; returns, by φ, the lost units with the reason.

        Raises:
            FairauditError: there is no cluster, a worker cannot open what this process has opened, or a model's
                training was lost.
        """
        lines = {phi: _Line(phi, self.asked, self.options.seed) for phi in data.parts}
        files = {}
        for phi in data.parts:
            store, unit, _ = training(model, phi, data, self.options, self.asked)
            files[phi] = store.path(unit)

        def held(errand: Errand) -> bytes | None:
            file = None if errand.phi is None else files[errand.phi]
            return file.read_bytes() if file is not None and file.is_file() else None

        self._made(list(lines.values()), [Errand(unit=UNCHANGED, phi=phi) for phi in lines], held)
        return {phi: line.lost for phi, line in lines.items()}

    def _made(self, lines: Sequence[_Line], first: Sequence[Errand], held: Callable[[Errand], bytes | None]) -> None:
        """Have tasks done, and those that follow from them, until there are none."""
        by_phi, todo = {line.phi: line for line in lines}, deque(first)
        given = MitigationInput(
            path=self.path, config=self.config, base=self.base, asked=self.asked, folder=Path.cwd(),
            options=replace(self.options, workers=1, fresh=False),
        )  # fmt: skip
        total = len(lines) * len(asked_methods(self.asked))
        if not todo:
            return
        with joined(self.options.address, processors=None) as cluster:
            calls = Calls(call=fitted, shared=cluster.share(given), load=held, gpus=self.options.gpus_per_model)
            title = f"Mitigating on {cluster.processors} processors of Ray"
            with self.progress.task(title, total=total) as advance:
                for errand, answer in cluster.answers(calls, todo):
                    self._taken(by_phi[errand.phi], errand, answer, todo)
                    advance(sum(line.done for line in lines), total, False)

    def _taken(self, line: _Line, errand: Errand, answer: BroughtFit | Lost, todo: deque[Errand]) -> None:
        """Keep what a task brought and ask for what follows it."""
        if isinstance(answer, BroughtFit) and answer.error is not None:
            raise answer.error
        if errand.unit != UNCHANGED:
            following = line.taken(errand.unit, answer.reason if isinstance(answer, Lost) else answer.files)
            todo.extendleft(Errand(unit=unit, phi=line.phi) for unit in reversed(following))
            return
        if isinstance(answer, Lost) or answer.unchanged is None:
            raise MethodError(
                f"No model could be trained at φ {line.phi:g}",
                found=answer.reason if isinstance(answer, Lost) else "no answer",
                where=str(self.path),
                advice="Run the same command again: what was fitted is kept.",
            )
        known, store = answer.unchanged, FitStore(folder=self.options.output / FITS, key=answer.unchanged.key)
        for name, content in known.trained.items():
            write_bytes(store.folder / name, content)
        store.take_up(UNCHANGED, answer.files)
        vanilla = store.load(UNCHANGED) or Fit(unit=UNCHANGED, reason="its file cannot be read")
        todo.extend(Errand(unit=unit, phi=line.phi) for unit in line.begin(store, known.choose, vanilla))


class _Line:
    """The fits about one unchanged model: each method waits for its own trials of λ and for no other method."""

    def __init__(self, phi: float | None, asked: MitigateOptions, seed: int) -> None:
        self.phi, self.lost = phi, dict[Unit, str]()
        self.done = 0
        """Methods that are fitted under every seed."""
        self._asked, self._seed = asked, seed
        self._waves: dict[str, Generator[Wave, list[Fit], None]] = {}
        self._wave: dict[str, Wave] = {}
        self._missing: dict[str, set[Unit]] = {}

    def begin(self, store: FitStore, choose: Coded, vanilla: Fit) -> Wave:
        """What can be fitted at once."""
        self._store = replace(store, lost=self.lost)
        units: Wave = []
        for method in asked_methods(self._asked):
            self._waves[method.name] = waves(method, self._asked, self._seed, choose, vanilla)
            units += self._following(method.name, None)
        return units

    def taken(self, unit: Unit, answer: Mapping[str, bytes] | str) -> Wave:
        """Keep a fit, or the reason why there is none; returns what can be fitted next."""
        if isinstance(answer, str):
            self.lost[unit] = MethodError("The process that fitted the method died", found=answer).paragraph()
        else:
            self._store.take_up(unit, answer)
        self._missing[unit.method].discard(unit)
        return [] if self._missing[unit.method] else self._following(unit.method, self._fits(unit.method))

    def _following(self, name: str, fits: list[Fit] | None) -> Wave:
        """Units of the method's next wave that are not stored; it goes on where all of them are."""
        while True:
            try:
                self._wave[name] = next(self._waves[name]) if fits is None else self._waves[name].send(fits)
            except StopIteration:
                self.done += 1
                return []
            units = list(dict.fromkeys(unit for unit in self._wave[name] if self._store.load(unit) is None))
            if units:
                self._missing[name] = set(units)
                return units
            fits = self._fits(name)

    def _fits(self, name: str) -> list[Fit]:
        fits = [self._store.load(unit) for unit in self._wave[name]]
        return [fit for fit in fits if fit is not None]


def waves(
    method: MitigationMethod, asked: MitigateOptions, seed: int, choose: Coded, vanilla: Fit
) -> Generator[Wave, list[Fit], None]:
    """What has to be fitted of a method: its trials of λ, and then every seed."""
    strength, _ = yield from tried_strengths(method, asked, seed, choose, vanilla)
    yield [Unit(method=method.name, seed=seed + number, strength=strength) for number in range(asked.seeds)]
