"""Fixtures that several packages share; the full demonstration is made once per session."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: examples have no time limit of their own.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

os.environ.setdefault("MPLBACKEND", "Agg")

MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist"


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The full demonstration with seed 0: its folder, its two models and both reports."""
    from fairaudit.audits.demo import run_demo
    from fairaudit.audits.progress import Silent

    return run_demo(tmp_path_factory.mktemp("demo"), seed=0, workers=2, progress=Silent())


@pytest.fixture(scope="session")
def mnist_folder():
    """Real digits, where they are beside the checkout."""
    if not (MNIST / "t10k-images-idx3-ubyte.gz").is_file():
        pytest.skip("the MNIST test set is not beside the checkout")
    return MNIST
