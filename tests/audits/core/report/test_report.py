"""What the assembler says of data, models and the run, from a study of four rows."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.core.report.report import Timing, assemble, decided_alike, model_entry
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.categorical import Categorical
from fairaudit.models.outputs.head import Head

HEAD = Head(link="sigmoid", outputs=1, classes=("no", "yes"), names=("smile",))


def column(name, codes, values=("no", "yes")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


def classifier(name, size=(8, 9)):
    return SimpleNamespace(name=name, path=Path(f"/models/{name}.pt"), sha256="s", format="torchscript", head=HEAD,
                           input_size=size, parameters=7, notes=(f"note of {name}",), device="cpu")  # fmt: skip


class Rows(SimpleNamespace):
    def __len__(self):
        return len(self.ids)


def study(baseline=None):
    config = Config.model_validate(
        {"data": {"manifest": "t.csv"}, "regions": {"tie": {"box": [0, 0, 1, 1]}, "eye": {"box": [0, 0, 1, 1]}}}
    )
    manifest = Rows(
        ids=["a", "b", "c", "d", "e"], name="t.csv", notes=("note of data",),
        attributes={"hat": column("hat", [0, 1, 1, -1, 0])},
    )  # fmt: skip
    loader = SimpleNamespace(regions={"tie": None})
    return SimpleNamespace(
        config=config, options=RunOptions(command=("fairaudit",), output=Path("out"), seed=3), manifest=manifest,
        material=SimpleNamespace(digest="d", loader=loader), candidate=classifier("new"), baseline=baseline,
        target=column("smile", [0, 1, 1, 0, 1]), attributes=["hat"], regions=["tie", "eye"], intersections=[],
    )  # fmt: skip


STREAMED = SimpleNamespace(
    excluded=[(4, "unreadable"), (2, "missing label")],
    rows=np.array([0, 1, 3]),
    decisions=np.array([1, 1, 1], np.int32),
    computed_rows=3,
    resumed_chunks=2,
    notes=("note of the stream",),
)
TIMING = Timing(started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), seconds=4.0004, map_seconds=1.5)


@pytest.fixture(autouse=True)
def _attributes(monkeypatch):
    from fairaudit.audits.core.report import report as assembler

    monkeypatch.setattr(assembler, "groupings", lambda study: list(study.manifest.attributes.values()))


def test_rows_in_are_rows_scored_and_rows_left_out():
    found = assemble(study(), STREAMED, Findings(notes=["twice", "twice"]), [], TIMING)
    assert [(each.row, each.id, each.reason) for each in found.excluded] == [
        (2, "c", "missing label"),
        (4, "e", "unreadable"),
    ]
    assert (found.data.rows, found.data.scored, found.data.seed) == (5, 3, 3)
    assert found.data.unknown == {"hat": 1}
    assert found.data.attributes == {"hat": ["no", "yes"]}
    assert found.data.regions == {"tie": {"given as": "box"}}  # the other one was not loaded
    assert found.notes == ["note of data", "note of new", "note of the stream", "twice"]
    assert found.run.images_per_second == 2.0
    assert (found.run.seconds, found.run.resumed_chunks) == (4.0, 2)
    assert found.run.started == "2026-01-02T03:04:05+00:00"


def test_nothing_computed_has_no_speed():
    streamed = SimpleNamespace(**{**vars(STREAMED), "computed_rows": 0})
    assert assemble(study(), streamed, Findings(), [], TIMING).run.images_per_second is None


def test_both_models_are_named_with_their_role():
    found = assemble(study(classifier("old", size=None)), STREAMED, Findings(), [], TIMING).models
    assert [(m.name, m.role, m.file, m.input_size) for m in found] == [
        ("new", "candidate", "new.pt", [8, 9]),
        ("old", "baseline", "old.pt", [0, 0]),
    ]
    assert model_entry(classifier("x"), "candidate").classes == ["no", "yes"]


def test_a_model_that_decides_all_images_alike_is_seen():
    assert decided_alike(study(), STREAMED)
    varied = SimpleNamespace(**{**vars(STREAMED), "decisions": np.array([0, 1, 0], np.int32)})
    assert all(found.group is not None for found in decided_alike(study(), varied))
