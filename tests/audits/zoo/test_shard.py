"""Parts of a run: every model once, and what two parts must agree on."""

import json
from pathlib import Path

import pytest

from fairaudit.audits.zoo.shard import FILE, Shard, read_shard, settings_of, write_shard
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.errors import DataError


@pytest.mark.parametrize("of", [1, 2, 3, 7, 20])
def test_parts_are_a_partition(of):
    models = [f"m{number}" for number in range(13)]
    parts = [Shard(index=index, of=of).take(models) for index in range(1, of + 1)]
    assert sorted(name for part in parts for name in part) == sorted(models)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def settings(**changes):
    known = {"data": "d", "baseline": None, "metrics": ["a", "b"]}
    options = RunOptions(
        output=Path("out"), command=(), **{k: changes.pop(k) for k in ("seed", "limit") if k in changes}
    )
    config = Config.model_validate({"data": {"manifest": changes.pop("manifest", "t.csv")}})
    return settings_of(config, options, **{**known, **changes})


def test_what_numbers_depend_on_is_in_the_digest_and_the_order_of_metrics_is_not():
    assert settings() == settings(metrics=["b", "a"])
    changes = [{"data": "e"}, {"baseline": "x"}, {"metrics": ["a"]}, {"seed": 5}, {"limit": 3}, {"manifest": "u.csv"}]
    assert len({settings(), *(settings(**change) for change in changes)}) == 7


def test_a_part_is_read_as_it_was_written(tmp_path):
    write_shard(tmp_path, Shard(index=2, of=3), ["a", "b"], "s")
    found = read_shard(tmp_path)
    assert (found["index"], found["of"], found["models"], found["settings"]) == (2, 3, ["a", "b"], "s")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not strict JSON"),
        ("[" * 100_000, "not strict JSON"),
        ('{"index": NaN}', "not strict JSON"),
        ("[]", "holds no part"),
        (json.dumps({"schema_version": 1, "index": "1", "of": 2, "models": [], "settings": "s"}), "holds no part"),
        (json.dumps({"schema_version": 2, "index": 1, "of": 2, "models": [], "settings": "s"}), "another version"),
        (json.dumps({"schema_version": 1, "index": 1, "of": 2, "models": [3], "settings": "s"}), "another version"),
    ],
)
def test_what_is_no_part_is_told(tmp_path, text, words):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataError, match=words):
        read_shard(tmp_path)
