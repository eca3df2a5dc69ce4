"""The time of training from a few steps: decoding by the row, and steps by the batch."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.selftest import plan
from fairaudit.audits.selftest.plan import STEPS, _training_seconds


def bench(clock, *, size=10, epochs=5, step=2.0, decode=0.5):
    asked = SimpleNamespace(batch_size=size, epochs=epochs)

    def images(manifest, rows):
        clock[0] += decode * len(rows)
        return list(rows), None

    def fit(module, images, target, *, epochs, seed, told):
        for done in range(0, len(images), size):
            clock[0] += step
            told(done, len(images))

    trainer = SimpleNamespace(images=images, fit=fit, trainable=lambda seed: (None, None))
    return SimpleNamespace(trainer=trainer, asked=asked)


@pytest.mark.parametrize(("rows", "steps"), [(100, 5 * 10), (40, 5 * 4)])
def test_decoding_and_steps_of_all_rows(monkeypatch, rows, steps):
    clock = [0.0]
    monkeypatch.setattr(plan.time, "perf_counter", lambda: clock[0])
    found = _training_seconds(bench(clock), SimpleNamespace(train=range(rows)))
    assert found == pytest.approx(0.5 * rows + 2.0 * steps)
    assert STEPS == 3


def test_a_single_step_has_no_time_of_its_own(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(plan.time, "perf_counter", lambda: clock[0])
    assert _training_seconds(bench(clock), SimpleNamespace(train=range(10))) == pytest.approx(5.0)
