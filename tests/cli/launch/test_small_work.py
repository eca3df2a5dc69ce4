"""Small work leaves the process as it was, and takes numpy's threads only where nobody has set them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from fairaudit.cli.launch.small_work import THREADS, small_work


@pytest.mark.parametrize("given", [None, "3"])
def test_everything_is_as_before_afterwards(monkeypatch, given):
    monkeypatch.delenv(THREADS, raising=False)
    if given:
        monkeypatch.setenv(THREADS, given)
    usual = gc.get_threshold()
    with suppress(KeyError), small_work():
        assert os.environ[THREADS] == (given or "1")
        assert gc.get_threshold() != usual
        raise KeyError  # work that fails ends like any other
    assert os.environ.get(THREADS) == given
    assert gc.get_threshold() == usual


THREADS_OF_NUMPY = """
import os
from fairaudit.cli.launch.small_work import small_work
with small_work():
    import numpy, scipy.special
from threadpoolctl import threadpool_info
print(*{pool["num_threads"] for pool in threadpool_info()})
"""


def test_numpy_gets_one_thread():
    pytest.importorskip("threadpoolctl")
    environment = {name: text for name, text in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", THREADS_OF_NUMPY], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == ["1"]
