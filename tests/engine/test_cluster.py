"""What is said where Ray or a cluster is missing; calls on a real Ray are in tests/cli/test_ray.py."""

from __future__ import annotations

import builtins
import sys

import pytest

from fairaudit.engine import cluster
from fairaudit.errors import UsageError


def test_without_ray_it_is_said_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name == "ray":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "ray", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="not installed"), cluster.joined(None, processors=1):
        raise AssertionError("it was joined")


def test_reasons_are_one_sentence_on_one_line():
    error = RuntimeError("The worker died unexpectedly while executing\n this task. Check the logs. " + "x" * 900)
    assert cluster._reason(error) == "The worker died unexpectedly while executing this task"
    assert cluster._reason(RuntimeError()) == "RuntimeError"
