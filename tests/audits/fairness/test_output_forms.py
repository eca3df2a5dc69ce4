"""The demonstration's biased model in every form of output: the same disparity, and nothing more than it supports."""

import pytest
import torch
from torch import nn

from fairaudit.audits.causal.audit import CausalAudit
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.run import run_models
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.fairness.audit import PLAN
from fairaudit.audits.joint.verdict import PLAN as JOINT
from fairaudit.audits.swap.audit import SwapAudit
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.errors import FairauditError

FORMS = {
    "as it is": lambda z: z,
    "sigmoid [image, 1]": torch.sigmoid,
    "sigmoid [image]": lambda z: z.sigmoid().squeeze(1),
    "two logits": lambda z: torch.cat([torch.zeros_like(z), z], dim=1),
    "softmax over two": lambda z: torch.cat([torch.zeros_like(z), z], dim=1).softmax(dim=1),
    "several sigmoids": lambda z: torch.cat([z - 4, z], dim=1).sigmoid(),
    "labels": lambda z: (z >= 0).long().squeeze(1),
    "a tuple": lambda z: (z - 4, z),
    "a slice of five": lambda z: torch.cat([z + 9, z - 9, torch.zeros_like(z), z, z + 9], dim=1),
}
SETTINGS = {
    "several sigmoids": {"output": "multilabel", "pick": 1, "classes": ["other", "smiling"]},
    "a tuple": {"head": 1},
    "a slice of five": {"output": "softmax", "pick": "2:4", "classes": []},
    "two logits": {"output": "auto", "classes": []},
    "softmax over two": {"output": "softmax", "classes": []},
}


class Written(nn.Module):
    def __init__(self, body, end):
        super().__init__()
        self.body, self.end = body, end

    def forward(self, x):
        return self.end(self.body(x))


def audited(demo_files, folder, form, plan):
    body = torch.jit.load(str(demo_files.folder / "biased.pt")).eval()
    path = folder / "m.pt"
    torch.jit.trace(Written(body, FORMS[form]), torch.rand(2, 3, 64, 64), check_trace=False).save(str(path))
    model = {"classes": ["smiling"], **SETTINGS.get(form, {})}
    overrides = {"model": model, "gates": [], "audit": {"attribute": "necktie", "replicates": 100}}
    config, base = load_config(demo_files.folder / "fairaudit.yaml", folder=demo_files.folder, overrides=overrides)
    options = RunOptions(output=folder / "report", limit=160, formats=())
    return run_models(
        [path],
        baseline=None,
        config=config,
        base=base,
        options=options,
        plan=plan,
        progress=Silent(),
    )[0].report


def numbers(report):
    names = ("equalized_odds_difference", "accuracy_difference", "demographic_parity_difference")
    return {m.metric: m.value for m in report.measurements if m.metric in names and m.attribute == "necktie"}


@pytest.fixture(scope="module")
def wanted(demo_files, tmp_path_factory):
    return numbers(audited(demo_files, tmp_path_factory.mktemp("plain"), "as it is", PLAN))


@pytest.mark.parametrize("form", [form for form in FORMS if form != "as it is"])
def test_the_disparity_is_the_same_number(demo_files, tmp_path, wanted, form):
    report = audited(demo_files, tmp_path, form, PLAN)
    assert wanted["equalized_odds_difference"] > 0.2
    assert numbers(report) == wanted
    scored = any(m.metric == "auc" and m.value is not None for m in report.measurements)
    assert scored == (form != "labels")


def test_labels_are_refused_for_everything_else(demo_files, tmp_path):
    with pytest.raises(FairauditError) as caught:
        audited(demo_files, tmp_path, "labels", JOINT)
    assert "a model that returns labels" in str(caught.value)
    assert "fairaudit fairness" in str(caught.value)


def test_effects_of_a_softmax_are_those_of_its_logits(demo_files, tmp_path):
    """Replacement and swap move what comes before the softmax: no effect shrinks, and no gate on one passes."""
    found = []
    for form in ("two logits", "softmax over two"):
        folder = tmp_path / form
        folder.mkdir()
        report = audited(demo_files, folder, form, AuditPlan(audits_for=_intervened, metrics=JOINT.metrics))
        names = ("causal_excess", "swap_effect", "score_gap")
        found.append({m.id: m.value for m in report.measurements if m.metric in names and m.value is not None})
    logits, probabilities = found
    assert len(logits) > 3
    assert probabilities == pytest.approx(logits, abs=1e-5)
    assert max(abs(value) for name, value in logits.items() if "causal_excess" in name) > 0.1


def _intervened(study, _trials):
    return [CausalAudit(study), SwapAudit(study)]
