"""Passes in half precision: autocast while gradients are computed, and single precision in what is kept."""

from dataclasses import replace

import torch

from fairaudit.mitigation.learn import in_precision, learnt, plain


def test_steps_run_under_autocast_only_where_asked_for(task):
    seen = []

    def step(module, rows):
        seen.append(torch.is_autocast_enabled("cpu"))

    for precision in ("fp32", "auto", "bf16"):
        in_precision(replace(task, precision=precision), step)(None, None)
    assert seen == [False, False, True]


def test_weights_stay_in_single_precision_and_learn_nearly_the_same(task):
    short = replace(task, train=replace(task.train, epochs=1, batch_size=200))
    found = {p: learnt(replace(short, precision=p), plain(short)).values for p in ("fp32", "bf16")}
    for name, value in found["bf16"].items():
        assert value.dtype == found["fp32"][name].dtype
        if value.is_floating_point():
            assert torch.allclose(value, found["fp32"][name], atol=0.05), name
