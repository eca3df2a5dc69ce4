"""What can be checked before torch is imported: a table that would be overwritten, and files that are no models."""

from types import SimpleNamespace

import pytest

from fairaudit.cli import checked as module
from fairaudit.cli.checked import OWN_TABLES, checked, kept_apart
from fairaudit.config.schema import Config
from fairaudit.errors import FairauditError, UsageError


@pytest.mark.parametrize("name", OWN_TABLES)
def test_a_table_in_the_output_folder_is_not_written_over(tmp_path, name):
    table = tmp_path / name
    kept_apart(table, tmp_path)  # it is not there yet
    table.write_text("")
    with pytest.raises(UsageError, match="would be overwritten"):
        kept_apart(table, tmp_path / "x" / "..")
    kept_apart(table, tmp_path / "out")
    (tmp_path / "rows.csv").write_text("")
    kept_apart(tmp_path / "rows.csv", tmp_path)


@pytest.fixture
def request_in(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("file,y\na.png,1\nb.png,0\n")
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "bad.pt").write_bytes(b"no model")

    def make(**audit):
        config = Config.model_validate({"data": {"manifest": "t.csv", "target": "y"}, "audit": audit})
        monkeypatch.setattr(module, "load", lambda asked: (config, tmp_path))
        return SimpleNamespace(asked=None, options=SimpleNamespace(output=tmp_path / "out", limit=None, seed=0))

    return make


def test_a_single_model_is_looked_at_and_one_of_several_is_not(tmp_path, request_in):
    bad = tmp_path / "bad.pt"
    with pytest.raises(FairauditError):
        checked([bad], baseline=None, request=request_in())
    (tmp_path / "other.pt").write_bytes(b"")
    checked([bad, tmp_path / "other.pt"], baseline=None, request=request_in())
    with pytest.raises(FairauditError):
        checked([], baseline=bad, request=request_in())


def test_methods_that_do_not_exist_are_told_before_a_model_is_opened(tmp_path, request_in):
    with pytest.raises(UsageError, match=r'no attribution method called "lpr".*"lrp"'):
        checked([tmp_path / "gone.pt"], baseline=None, request=request_in(saliency=["lpr"]))


def test_a_sum_of_outputs_is_no_file(tmp_path, request_in):
    checked([], baseline=tmp_path / "a.pt#smiling + 0.3*b.pt#hat", request=request_in())
