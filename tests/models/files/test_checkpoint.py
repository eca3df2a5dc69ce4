"""Weights out of training programs' wrappers, compared with the tensors that went in."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.files.checkpoint import alternatives, find_weights, load_weights, plain_names


def net():
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))


def named(weights, known):
    return plain_names(weights, known).weights


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize(
    "keys", [(), ("state_dict",), ("model_state_dict",), ("model",), ("model", "state_dict"), ("net",)]
)
def test_wrappers_are_opened(keys):
    weights = net().state_dict()
    checkpoint = dict(weights)
    for key in reversed(keys):
        checkpoint = {"epoch": 3, key: checkpoint, "optimizer": {"state": {}}}
    assert same(find_weights(checkpoint, where="f"), weights)


@pytest.mark.parametrize(
    "prefix",
    ["module.", "_orig_mod.", "module._orig_mod.", "model.", "_orig_mod.module.", "net.model.", "encoder.", "a.b.c."],
)
def test_prefixes_go(prefix):
    weights = net().state_dict()
    assert same(named({prefix + key: value for key, value in weights.items()}, list(weights)), weights)


def test_a_prefix_that_belongs_to_the_architecture_stays():
    known = ["model.weight", "model.bias"]
    weights = {key: torch.zeros(1) for key in known}
    assert list(named(weights, known)) == known


def test_a_compiled_part_and_an_averaged_model():
    weights = net().state_dict()
    averaged = {"n_averaged": torch.tensor(3)} | {f"module.{key}": value for key, value in weights.items()}
    assert same(named(averaged, list(weights)), weights)
    partly = {
        key.replace("0.", "0._orig_mod.", 1) if key.startswith("0.") else key: value for key, value in weights.items()
    }
    assert same(named(partly, list(weights)), weights)


def test_averages_are_taken_by_name_only():
    plain, average = net().state_dict(), net().state_dict()
    checkpoint = {"state_dict": plain, "state_dict_ema": average, "nested": {"ema": average}, "teacher": average}
    assert same(find_weights(checkpoint, where="f"), plain)
    assert same(find_weights(checkpoint, where="f", name="state_dict_ema"), average)
    assert same(find_weights(checkpoint, where="f", name="nested.ema"), average)
    assert alternatives(checkpoint) == ("state_dict_ema",)
    with pytest.raises(ModelError, match='Did you mean "state_dict_ema"'):
        find_weights(checkpoint, where="f", name="state_dict_em")


@pytest.mark.parametrize("checkpoint", [{}, {"epoch": 3}, [1, 2], torch.zeros(2), {"state_dict": {"a": 3}}])
def test_no_weights_is_told(checkpoint):
    with pytest.raises(ModelError, match="holds no weights"):
        find_weights(checkpoint, where="f")


def test_a_checkpoint_that_holds_itself_comes_to_an_end(tmp_path):
    """A few bytes that a walk along the usual keys would follow for ever."""
    round_about = {"epoch": 3}
    round_about["state_dict"] = round_about
    chain = {"model": {"net": round_about}}
    listed = []
    listed.append(listed)
    for name, content in (("dict", round_about), ("chain", chain), ("list", {"model": listed})):
        torch.save(content, tmp_path / name)
        checkpoint = torch.load(tmp_path / name, weights_only=True)
        with pytest.raises(ModelError, match="holds no weights"):
            find_weights(checkpoint, where="f")
        alternatives(checkpoint)


def test_loaded_weights_are_the_given_ones():
    model, given = net(), net().state_dict()
    load_weights(model, {f"module.{key}": value for key, value in given.items()}, arch="a", where="f")
    assert same(model.state_dict(), given)


def test_classes_that_ask_for_the_version_of_their_weights_get_their_own():
    class Versioned(nn.Linear):
        _version = 2

        def _load_from_state_dict(self, state, prefix, metadata, *more):
            if metadata.get("version") != 2:
                raise ValueError("version should be 2")
            super()._load_from_state_dict(state, prefix, metadata, *more)

    one, other = Versioned(2, 2), Versioned(2, 2)
    load_weights(other, dict(one.state_dict()), arch="a", where="f")
    assert same(one.state_dict(), other.state_dict())


def test_a_missing_counter_of_batches_does_not_matter():
    given = {key: value for key, value in net().state_dict().items() if not key.endswith("num_batches_tracked")}
    load_weights(net(), given, arch="a", where="f")


def test_a_misfit_names_the_first_few():
    given = net().state_dict()
    given["head.weight"] = torch.zeros(1)
    given["0.bias"] = torch.zeros(5)
    del given["3.bias"], given["3.weight"]
    with pytest.raises(ModelError) as caught:
        load_weights(net(), given, arch="package:net", where="f.pt")
    text = str(caught.value)
    assert "2 missing (3.weight, 3.bias)" in text
    assert "1 unexpected (head.weight)" in text
    assert "1 of another shape (0.bias is (5,) and not (2,))" in text
    assert "f.pt" in text
    assert "package:net" in text


LIGHTNING = {"criterion.pos_weight": torch.ones(1), "accuracy.total": torch.zeros(1)}


@pytest.mark.parametrize("prefix", ["model.", "classifier.net.", ""])
def test_what_training_left_beside_the_model_is_named(prefix):
    model, given = net(), net().state_dict()
    weights = {prefix + key: value for key, value in given.items()} | LIGHTNING
    (note,) = load_weights(model, weights, arch="a", where="f")
    assert same(model.state_dict(), given)
    assert "2 tensors that it has no place for (criterion.pos_weight, accuracy.total)" in note


def test_of_a_model_and_its_average_the_model_is_taken():
    plain, average = net().state_dict(), net().state_dict()
    weights = {f"ema_model.{key}": value for key, value in average.items()}
    weights |= {f"model.{key}": value for key, value in plain.items()}
    assert same(named(weights, list(plain)), plain)
    assert same(find_weights({"state_dict": weights}, where="f", name="ema_model"), average)


def test_of_two_equal_copies_none_is_assumed():
    weights = {f"{name}.{key}": value for name in ("left", "right") for key, value in net().state_dict().items()}
    with pytest.raises(ModelError, match=r"Wanted: model\.weights: the one to audit\. Found: left, right"):
        named(weights, list(net().state_dict()))


def test_names_that_nothing_covers_stay_as_they_are():
    found = plain_names({"a.b": torch.zeros(1)}, ["c.weight"])
    assert (found.prefix, list(found.weights), found.leftovers) == ("", [], ("a.b",))
