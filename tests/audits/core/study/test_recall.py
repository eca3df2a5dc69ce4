"""A baseline's answer is another model's only where everything that it depends on is the same."""

import contextlib

import numpy as np
import pytest

from fairaudit.audits.core.study.recall import PREFIX, Recall, recalled_baseline
from fairaudit.engine.shelf import Shelf

KEY = {"candidate": "c", "baseline": "b", "audits": "{}", "data": "d", "seed": "0", "device": "cpu"}
ROWS, CLASSES = np.array([3, 4]), np.array([0, 1])


@pytest.fixture
def recall(tmp_path):
    return Recall(shelf=Shelf(folder=tmp_path / "shelf", limit=10**6, secret=b""), model="b").of_run(KEY)


class Asked:
    """Answers with the number of the question."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return {"x": np.array(self.times)}


def test_the_same_question_is_asked_once(recall):
    asked = Asked()
    found = [int(recall.recalled({"a": 1}, (ROWS, CLASSES), asked)["x"]) for _ in range(3)]
    assert found == [1, 1, 1]


@pytest.mark.parametrize(("entry", "again"), [("candidate", 1), ("audits", 1), ("data", 2), ("seed", 2), ("device", 2)])
def test_settings_of_the_run_count_but_not_the_candidate(recall, entry, again):
    asked = Asked()
    recall.recalled({}, (ROWS,), asked)
    other = recall.of_run({**KEY, entry: "other"})
    assert int(other.recalled({}, (ROWS,), asked)["x"]) == again


@pytest.mark.parametrize(
    ("what", "places"),
    [
        ({"a": 2}, (ROWS, CLASSES)),
        ({"a": 1}, (ROWS + 1, CLASSES)),
        ({"a": 1}, (ROWS, 1 - CLASSES)),
        ({"a": 1}, (ROWS[:1], CLASSES[:1])),
        ({"a": 1}, (ROWS,)),
    ],
)
def test_another_question_is_asked_anew(recall, what, places):
    asked = Asked()
    recall.recalled({"a": 1}, (ROWS, CLASSES), asked)
    assert int(recall.recalled(what, places, asked)["x"]) == 2


def test_only_the_baseline_is_remembered(recall):
    assert recall.keeps("b")
    assert not recall.keeps("c")


@pytest.mark.parametrize(("model", "limit"), [(None, 10**6), ("b", 0)])
def test_without_a_baseline_or_room_there_is_none(tmp_path, model, limit):
    with recalled_baseline(model, "d", tmp_path, limit=limit) as recall:
        assert recall is None
    assert list(tmp_path.iterdir()) == []


def folders(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(PREFIX)]


def test_answers_go_when_all_is_done(tmp_path):
    with recalled_baseline("b", "d", tmp_path, limit=10**6) as recall:
        recall.recalled({}, (ROWS,), Asked())
        assert len(folders(tmp_path)) == 1
    assert folders(tmp_path) == []


def stopped(folder, model, digest, asked):
    """Ask once and stop before all is done; the answer, and the folders that were there at the beginning."""
    found = []
    with contextlib.suppress(KeyboardInterrupt), recalled_baseline(model, digest, folder, limit=10**6) as recall:
        found += folders(folder), int(recall.recalled({}, (ROWS,), asked)["x"])
        raise KeyboardInterrupt
    return found


def test_after_an_end_that_was_not_wanted_they_stay_for_the_same_data_and_baseline(tmp_path):
    asked = Asked()
    assert stopped(tmp_path, "b", "d", asked) == [[], 1]
    (kept,) = folders(tmp_path)
    assert stopped(tmp_path, "b", "d", asked) == [[kept], 1]
    assert stopped(tmp_path, "b", "other data", asked) == [[], 2]
    assert stopped(tmp_path, "other", "other data", asked) == [[], 3]
    assert len(folders(tmp_path)) == 1


def test_a_fresh_run_forgets_them(tmp_path):
    asked = Asked()
    stopped(tmp_path, "b", "d", asked)
    with recalled_baseline("b", "d", tmp_path, limit=10**6, fresh=True) as recall:
        assert int(recall.recalled({}, (ROWS,), asked)["x"]) == 2
