import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from fairaudit.results.tensor_file import in_order

ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "b": np.array([True, False, True])}


def header(content):
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size])


def test_the_same_facts_give_the_same_bytes_whatever_their_order():
    facts = {f"fact {number}": "β" * number for number in range(12)}
    other = dict(reversed(facts.items()))
    first, second = (in_order(save(ARRAYS, metadata=found)) for found in (facts, other))
    assert first == second
    assert list(header(first)["__metadata__"]) == sorted(facts)


@pytest.mark.parametrize("facts", [None, {}, {"key": 'quotes " and \n lines', "a": ""}])
def test_tensors_and_facts_are_what_they_were(facts):
    content = in_order(save(ARRAYS, metadata=facts))
    found = load(content)
    assert set(found) == set(ARRAYS)
    assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)
    assert (header(content).get("__metadata__") or {}) == (facts or {})
    assert int.from_bytes(content[:8], "little") % 8 == 0
