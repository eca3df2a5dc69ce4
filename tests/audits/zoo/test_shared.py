"""What a process of several is given: its threads, its device, its place; and that all of it can be sent."""

import pickle

import pytest
import torch

from fairaudit.audits.fairness import audit as fairness
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.regions import audit as regions
from fairaudit.audits.saliency import audit as saliency
from fairaudit.audits.zoo.shared import Shared, cores
from fairaudit.config.options import RunOptions

PLANS = (fairness.PLAN, joint.plan(), regions.plan(discover=True), saliency.plan(save_maps="npy"))


@pytest.mark.parametrize("plan", PLANS)
def test_plans_can_be_sent_to_another_process(plan):
    again = pickle.loads(pickle.dumps(plan))  # noqa: S301
    assert again.metrics == plan.metrics
    assert again.verdicts_for is plan.verdicts_for


def test_processes_divide_threads_and_begin_in_different_places():
    shared = Shared(config=None, options=RunOptions(workers=8, jobs=4), plan=PLANS[0], material=None, baseline=None)
    options = [shared.placed(number, of=4).options for number in range(4)]
    assert [found.begin for found in options] == [0.0, 0.25, 0.5, 0.75]
    assert {found.workers for found in options} == {2}
    assert {found.jobs for found in options} == {1}
    assert shared.placed(0, of=16).options.workers == 1
    if torch.cuda.device_count() < 2:
        assert {found.device for found in options} == {"auto"}
    assert cores() >= 1
