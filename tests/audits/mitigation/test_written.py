"""Which models are written, and the table of a rule's decisions."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from fairaudit.audits.mitigation import written
from fairaudit.audits.mitigation.written import write_chosen, write_decisions
from fairaudit.errors import ModelError, UsageError


def parts():
    target = SimpleNamespace(name="smile", values=("no", "yes"))
    manifest = SimpleNamespace(ids=["a", "b", "c"], target=target, name="t")
    report = SimpleNamespace(attribute=torch.tensor([1, -1]), target=torch.tensor([0, 1]))
    loader = SimpleNamespace(load=lambda rows: SimpleNamespace(images=torch.zeros(len(rows), 1)))
    return SimpleNamespace(rows=torch.tensor([2, 0]), report=report, values=("x", "a b"), attribute="tie colour",
                           material=SimpleNamespace(manifest=manifest, loader=loader))  # fmt: skip


def test_decisions_are_a_table_that_can_be_audited(tmp_path):
    command = write_decisions(tmp_path / "d.csv", [1, 1], parts())
    assert (tmp_path / "d.csv").read_text() == "id,smile,decision,tie colour\nc,no,yes,a b\na,yes,yes,\n"
    assert command.endswith("--predictions d.csv --truth smile --prediction decision --attribute 'tie colour'")


def chosen(tmp_path, monkeypatch, wanted, *, fail=(), best="a"):
    def write(model, split, edit, target, *, images, reopen):
        if target.stem.rpartition("-")[2] in fail:
            raise ModelError("cannot be written")
        return SimpleNamespace(path=target)

    monkeypatch.setattr(written, "write_edit", write)
    fits = {
        name: [SimpleNamespace(edit=None if name == "broken" else 1, reason="why")] for name in ("a", "b", "broken")
    }
    notes = []
    found = SimpleNamespace(by_method=fits, working=lambda: {name: fits[name] for name in ("a", "b")})
    judge = SimpleNamespace(model=None, task=SimpleNamespace(split=None))
    told, _ = write_chosen(
        wanted, best, found, judge, Path("m.pt"), tmp_path, None, parts(), SimpleNamespace(note=notes.append)
    )
    return {name: path.name for name, path in told.items()}, notes


@pytest.mark.parametrize(
    ("wanted", "names"),
    [(None, {}), ("best", {"a": "m-a.pt"}), ("b", {"b": "m-b.pt"}), ("all", {"a": "m-a.pt", "b": "m-b.pt"})],
)
def test_what_is_asked_for_is_written(tmp_path, monkeypatch, wanted, names):
    assert chosen(tmp_path, monkeypatch, wanted)[0] == names


def test_of_all_one_that_cannot_be_written_is_told_and_alone_it_is_an_error(tmp_path, monkeypatch):
    found, notes = chosen(tmp_path, monkeypatch, "all", fail=("a",))
    assert (set(found), len(notes)) == ({"b"}, 1)
    with pytest.raises(ModelError):
        chosen(tmp_path, monkeypatch, "a", fail=("a",))
    with pytest.raises(UsageError, match=r"failed.*why"):
        chosen(tmp_path, monkeypatch, "broken")
    assert chosen(tmp_path, monkeypatch, "best", best=None)[0] == {}
