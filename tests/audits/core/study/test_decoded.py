"""The file of decoded images is there while it is needed and after a kill, and goes otherwise."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.core.study.decoded import PREFIX, decoded_once


def material(digest="d"):
    loader = SimpleNamespace(
        input_size=lambda: (2, 2), preprocess=SimpleNamespace(channels=1), region_names=(), cache=None
    )
    return SimpleNamespace(loader=loader, digest=digest, manifest=["r0", "r1"])


def files(folder):
    return [path for path in folder.iterdir() if path.name.startswith(PREFIX)]


def test_without_room_nothing_is_kept(tmp_path):
    known = material()
    with decoded_once(known, tmp_path, limit=0):
        assert known.loader.cache is None
    assert files(tmp_path) == []


def test_the_file_goes_when_all_is_done_unless_others_need_it(tmp_path):
    known = material()
    with decoded_once(known, tmp_path, limit=10**6, keep=True):
        assert known.loader.cache is not None
    assert known.loader.cache is None
    kept = files(tmp_path)
    with decoded_once(known, tmp_path, limit=10**6):
        assert {path.name.split(".")[0] for path in files(tmp_path)} == {path.name.split(".")[0] for path in kept}
    assert files(tmp_path) == []


def test_after_an_end_that_was_not_wanted_it_stays_for_the_same_data_alone(tmp_path):
    with pytest.raises(KeyboardInterrupt), decoded_once(material(), tmp_path, limit=10**6):
        raise KeyboardInterrupt
    before = {path.name for path in files(tmp_path)}
    assert before
    with decoded_once(material("other data"), tmp_path, limit=10**6, keep=True):
        pass
    assert not before & {path.name for path in files(tmp_path)}
