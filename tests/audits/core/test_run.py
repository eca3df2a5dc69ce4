"""Several models in one run: names that cannot meet, one that fails, and what all audits found in one."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from fairaudit.audits.core import run
from fairaudit.audits.core.run import Session, measured, report_names
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.errors import ModelError, UsageError


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.pt"], ["a"]),
        (["zoo/a.pt", "zoo/b.onnx"], ["a", "b"]),
        (["one/m.pt", "two/m.pt"], ["one-m", "two-m"]),
        (["one/x/m.pt", "two/x/m.pt", "two/y/n.pt"], ["one-x-m", "two-x-m", "two-y-n"]),
        (["x/A.pt", "y/a.pt"], ["x-A", "y-a"]),  # some file systems take both cases for one
    ],
)
def test_names_are_as_short_as_they_can_be(paths, names):
    assert report_names([Path("/r") / path for path in paths]) == names


def test_two_models_of_one_path_are_refused():
    with pytest.raises(UsageError, match=r"same report.*Found: m"):
        report_names([Path("/r/m.pt"), Path("/r/m.onnx")])


def session(monkeypatch, error=None):
    def audited(self, model, *, folder, progress, tell=None):
        if error is not None:
            raise error
        return f"report of {model.name} in {folder}"

    monkeypatch.setattr(Session, "audited", audited)
    options, material = SimpleNamespace(output=Path("out"), cache=0, fresh=False), SimpleNamespace(digest="d")
    return Session(config=None, options=options, plan=None, material=material, baseline=None)


def test_a_model_that_cannot_be_audited_has_a_reason(monkeypatch):
    found = session(monkeypatch).outcome("a", Path("a.pt"), progress=Silent())
    assert (found.name, found.report, found.error) == ("a", "report of a.pt in out/a", None)
    broken = ModelError("cut short")
    found = session(monkeypatch, broken).outcome("a", Path("a.pt"), progress=Silent())
    assert (found.report, found.error) == (None, broken)
    with pytest.raises(ZeroDivisionError):  # an error of ours is no reason
        session(monkeypatch, ZeroDivisionError()).outcome("a", Path("a.pt"), progress=Silent())


@pytest.mark.parametrize("count", [1, 2])
def test_of_several_models_each_has_a_folder_of_its_own(monkeypatch, count):
    own = session(monkeypatch)
    monkeypatch.setattr(Session, "open", classmethod(lambda cls, **_: own))
    monkeypatch.setattr(run, "decoded_once", lambda *_, **__: __import__("contextlib").nullcontext())
    models = [Path(f"m{number}.pt") for number in range(count)]
    options = SimpleNamespace(output=Path("out"), cache=0)
    found = run.run_models(
        models, baseline=None, config=None, base=Path(), options=options, plan=None, progress=Silent()
    )
    assert [each.folder for each in found] == ([Path("out")] if count == 1 else [Path("out/m0"), Path("out/m1")])


def test_findings_of_all_audits_in_order():
    audits = [
        SimpleNamespace(
            name=name, measure=lambda total: Findings(measurements=[total], notes=[f"n{total}"], drawings=[total])
        )
        for name in ("a", "b")
    ]
    found = measured(audits, SimpleNamespace(totals={"b": 2, "a": 1}), Silent())
    assert (found.measurements, found.notes, found.drawings) == ([1, 2], ["n1", "n2"], [1, 2])


def test_without_methods_or_a_trial_nothing_is_unusable():
    plan = SimpleNamespace(methods_for=lambda study: [])
    assert run._tried(None, plan, Silent(), None).unusable == {}
    study = SimpleNamespace(config=SimpleNamespace(audit=SimpleNamespace(faithfulness=False)))
    assert run._tried(study, SimpleNamespace(methods_for=lambda study: ["lrp"]), Silent(), None).measurements == ()
