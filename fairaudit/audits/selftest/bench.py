"""Trains and audits the models of a self-test, one after the other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fairaudit.audits.core.stream.progress import Advance, Silent
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.selftest.case import audit_case, plan_of
from fairaudit.audits.selftest.data import SelftestData, plant
from fairaudit.audits.selftest.options import Case, SelftestOptions
from fairaudit.audits.selftest.train import Trainer
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.planted.bias import region_names
from fairaudit.engine.local import run_chunks
from fairaudit.engine.part import Part
from fairaudit.engine.plan import Chunk, Plan
from fairaudit.engine.store import RunStore
from fairaudit.results.provenance import library_versions
from fairaudit.seeds import child_seed

FOLDER = "models"
"""Where the trained weights are, in the output folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that the models of a self-test have in common."""

    trainer: Trainer
    data: SelftestData
    config: Config
    asked: SelftestOptions
    options: RunOptions
    cases: Sequence[Case]

    def key(self) -> dict[str, str]:
        """Everything that the answers depend on."""
        facts = {
            **self._training(),
            "audited": self.data.audit.digest(),
            "discover": self.asked.discover,
            "prune": self.asked.prune,
        }
        facts |= {"audit": self.config.audit.model_dump(mode="json"), "precision": self.options.precision}
        facts |= {"cases": [asdict(case) for case in self.cases]}
        return {name: json.dumps(value, sort_keys=True) for name, value in facts.items()}

    def run(self, store: RunStore, advance: Advance) -> tuple[dict[str, Part], int]:
        """Train and audit whatever the store does not hold; returns the merged parts and how many came from it.

        Raises:
            FairauditError: data or model cannot be used.
        """
        work, per_case = self._training(), self.units()
        total = per_case * len(self.cases)

        def compute(chunk: Chunk, _nothing: None) -> Mapping[str, Part]:
            def told(done: int) -> None:
                advance(chunk.index * per_case + done, total, False)

            parts = self._case(self.cases[chunk.index], work, told)
            return {name: numbered(part, chunk.index) for name, part in parts.items()}

        def finished(done: int, _all: int, resumed: bool) -> None:
            advance(done * per_case, total, resumed)

        plan = Plan(rows=len(self.cases), chunk_rows=1)
        outcome = run_chunks(plan, lambda _chunk: None, compute, store, progress=finished)
        return outcome.parts, outcome.resumed_chunks

    def units(self) -> int:
        """Images that are seen for one model, in training and in the audit."""
        return self.asked.epochs * len(self.data.train) + len(self.data.audit)

    def _case(self, case: Case, work: Mapping[str, Any], told: Callable[[int], None]) -> Mapping[str, Part]:
        bias = self.asked.biases[case.bias]
        planted = plant(self.data, bias, case, config=self.config, options=self.options)
        folder = self.options.output / FOLDER / case.name
        text = json.dumps({**work, "case": asdict(case)}, sort_keys=True)
        file = weights_file(self.options.output, case)
        if self.options.fresh:
            file.unlink(missing_ok=True)
        seen = self.asked.epochs * len(self.data.train)
        model = self.trainer.trained(
            planted.train,
            seed=child_seed(self.options.seed, "selftest model", case.seed),
            file=file,
            key=hashlib.sha256(text.encode()).hexdigest(),
            told=lambda done, all_: told(seen * done // all_),
        )
        options = replace(self.options, output=folder, root=self.options.output, limit=None)
        study = Study(config=planted.config, options=options, material=planted.material, candidate=model)
        where = list(region_names(bias).items())
        return audit_case(study, plan_of(discover=self.asked.discover), where, Silent(), prune=self.asked.prune)

    def _training(self) -> dict[str, Any]:
        """What the weights of all models depend on."""
        model, asked = self.trainer.model, self.asked
        return {
            "model": model.sha256,
            "arch": self.trainer.arch,
            "config": self.config.model.model_dump(mode="json"),
            "train": self.data.train.digest(),
            "preprocess": self.config.preprocess.model_dump(mode="json"),
            "biases": [bias.model_dump(mode="json") for bias in asked.biases],
            "epochs": asked.epochs,
            "batch_size": asked.batch_size,
            "rate": asked.rate,
            "keep_weights": asked.keep_weights,
            "seed": self.options.seed,
            "device": str(model.device).split(":")[0],
            "versions": library_versions(),
        }


def numbered(part: Part, case: int) -> Part:
    """The part with a column that says which model every entry is about."""
    length = len(next(iter(part.columns.values())))
    return Part(columns={"case": np.full(length, case, np.int64), **part.columns})


def weights_file(output: Path, case: Case) -> Path:
    """Where the weights of a model are."""
    return output / FOLDER / f"{case.name}.safetensors"
