"""Which column names the twins, and what has none."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from fairaudit.config.schema import Config
from fairaudit.data.tables import read_table
from fairaudit.data.twins import twin_sources
from fairaudit.errors import DataError


def sources(tmp_path, twins="other", bias=None, cells=("b.png", "")):
    (tmp_path / "t.csv").write_text("file,other,hat\n" + "".join(f"a.png,{cell},1\n" for cell in cells))
    data = {"manifest": "t.csv", "attributes": ["hat"]} | ({} if bias is None else {"bias": bias})
    config = Config.model_validate({"data": data, "audit": {"twins": twins, "attribute": "hat"}})
    return twin_sources(config, SimpleNamespace(table=read_table(tmp_path / "t.csv"), folder=Path(tmp_path)))


def test_a_row_without_a_path_has_no_twin(tmp_path):
    (source,) = sources(tmp_path).values()
    assert source.names == ("b.png", "")
    assert sources(tmp_path, twins=None) == {}
    assert set(sources(tmp_path, twins={"hat": "other"})) == {"hat"}


def test_twins_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(DataError, match="No row has a twin"):
        sources(tmp_path, cells=("", ""))
    with pytest.raises(DataError, match="planted bias"):
        sources(tmp_path, bias={"kind": "patch"})
    with pytest.raises(DataError, match="gone"):
        sources(tmp_path, twins="gone")
    with pytest.raises(DataError):
        sources(tmp_path, cells=("../out.png", ""))
