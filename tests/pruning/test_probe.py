"""Fresh readers: what a linear one can and cannot read, and that a hidden layer reads more."""

import pytest
import torch

from fairaudit.errors import DataError
from fairaudit.pruning.probe import probe


def features(seed, count, rule):
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 4, generator=draw)
    return inputs, rule(inputs)


def sign(inputs):
    return (inputs[:, 0] > 0).long()


def exclusive_or(inputs):
    return ((inputs[:, 0] > 0) ^ (inputs[:, 1] > 0)).long()


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_what_is_there_is_read(kind):
    found = probe(kind, features(0, 300, sign), features(1, 300, sign), values=2, seed=0, epochs=40)
    assert found.accuracy > 0.93
    assert len(found.hits) == 300


def test_only_a_hidden_layer_reads_an_exclusive_or():
    parts = features(0, 600, exclusive_or), features(1, 400, exclusive_or)
    linear, mlp = (probe(kind, *parts, values=2, seed=0, epochs=25).accuracy for kind in ("linear", "mlp"))
    assert linear < 0.6
    assert mlp > 0.9


def test_noise_gives_chance():
    draw = torch.Generator().manual_seed(2)
    parts = [(torch.randn(500, 4, generator=draw), torch.randint(0, 5, (500,), generator=draw)) for _ in range(2)]
    found = probe("linear", *parts, values=5, seed=0, epochs=10)
    assert found.accuracy == pytest.approx(0.2, abs=0.07)
    assert found.chance == pytest.approx(0.2, abs=0.05)


def test_unknown_values_are_left_out():
    inputs, codes = features(0, 100, sign)
    codes[:40] = -1
    found = probe("linear", (inputs, codes), (inputs, codes), values=2, seed=0, epochs=5)
    assert len(found.hits) == 60


def test_the_scale_of_features_does_not_matter_and_constant_ones_do_no_harm():
    inputs, codes = features(0, 200, sign)
    inputs[:, 3] = 7.0
    scaled = [
        probe("linear", (inputs * scale, codes), (inputs * scale, codes), values=2, seed=0, epochs=10).hits
        for scale in (1.0, 1024.0)
    ]
    assert scaled[0] == scaled[1]


def test_the_same_seed_gives_the_same_answers():
    parts = features(0, 100, sign), features(1, 100, sign)
    assert len({probe("mlp", *parts, values=2, seed=3, epochs=3).hits for _ in range(2)}) == 1


def test_no_known_value_is_an_error():
    inputs = torch.zeros(5, 2)
    with pytest.raises(DataError, match="known bias value"):
        probe("linear", (inputs, torch.full((5,), -1)), (inputs, torch.zeros(5)), values=2, seed=0)
