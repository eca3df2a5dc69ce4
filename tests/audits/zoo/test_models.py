"""Which files are meant by folders and patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairaudit.audits.core.run import report_names
from fairaudit.audits.zoo.models import model_files
from fairaudit.errors import UsageError


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    for name in ("zoo/b.pt", "zoo/a.onnx", "zoo/.hidden.pt", "zoo/notes.txt", "zoo/deep/c.pt", "zoo/hub/config.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "zoo/hub/model.safetensors").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return Path("zoo")


def test_a_folder_means_the_models_in_it(zoo):
    assert model_files([zoo]) == [zoo / "a.onnx", zoo / "b.pt", zoo / "hub"]
    assert model_files([zoo / "hub"]) == [zoo / "hub"]


def test_a_pattern_means_what_it_matches(zoo):
    assert model_files([Path("zoo/**/*.pt")]) == [zoo / "b.pt", zoo / "deep/c.pt"]
    assert model_files([Path("zoo/[ab].*")]) == [zoo / "a.onnx", zoo / "b.pt"]


def test_every_model_once_and_others_as_they_are(zoo):
    assert model_files([zoo / "b.pt", zoo]) == [zoo / "b.pt", zoo / "a.onnx", zoo / "hub"]
    for text in ("missing.pt", "a.pt#smiling + 0.3*b.pt#hat", "smiling * 0.5", "a.pt#x*2"):
        assert model_files([Path(text)]) == [Path(text)]


@pytest.mark.parametrize("text", ["zoo/deep/none*.pt", "empty"])
def test_nothing_found_is_an_error(zoo, text):
    Path("empty").mkdir()
    with pytest.raises(UsageError, match="model"):
        model_files([Path(text)])


def test_names_are_told_apart_by_folders_above():
    assert report_names([Path("a/x.pt"), Path("b/y.pt")]) == ["x", "y"]
    assert report_names([Path("a/x.pt"), Path("b/x.pt")]) == ["a-x", "b-x"]
    with pytest.raises(UsageError, match="the same report"):
        report_names([Path("a/x.pt"), Path("a/x.onnx")])
