import hashlib
import subprocess
import sys
from importlib import metadata

import pytest

from fairaudit.errors import DataError
from fairaudit.results import provenance
from fairaudit.results.provenance import LIBRARIES, file_sha256, library_versions


def test_versions_are_those_installed():
    versions = library_versions()
    assert list(versions) == ["fairaudit", "python", *LIBRARIES]
    assert versions["numpy"] == metadata.version("numpy")
    assert versions["python"] == sys.version.split()[0]


def test_versions_import_nothing_heavy():
    code = (
        "import sys; from fairaudit.results.provenance import library_versions; library_versions();"
        "assert not {'torch', 'numpy', 'scipy', 'PIL'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_library_that_is_missing_is_said(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    version = provenance._version.__wrapped__  # asked once per process
    monkeypatch.setattr(provenance, "_version", version)
    assert library_versions()["torch"] == "missing"


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**21 + 3])
def test_the_digest_is_that_of_all_bytes(tmp_path, size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "f").write_bytes(content)
    assert file_sha256(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        file_sha256(tmp_path / "missing")
