"""Columns of the region audit and of the overlays, from maps whose shares are known."""

from types import SimpleNamespace

import pytest
import torch

from fairaudit.audits.core.stream.columns import column, under
from fairaudit.audits.regions.audit import CONTROLS, RegionAudit, plan
from fairaudit.errors import UsageError

MAPS = {"new": [[[3.0, 0.0], [1.0, 0.0]]], "old": [[[2.0, 0.0], [1.0, 1.0]]]}


def study(regions=("top",)):
    audit = SimpleNamespace(convention="positive", saliency=["lrp"])
    return SimpleNamespace(regions=list(regions), config=SimpleNamespace(audit=audit), options=SimpleNamespace(seed=0))


def context(baseline=True):
    mask = torch.tensor([[[True, True], [False, False]]])

    def attribution(method, predictions):
        return SimpleNamespace(maps=torch.tensor(MAPS[predictions]))

    return SimpleNamespace(batch=SimpleNamespace(regions={"top": mask}, ids=("a",)), attribution=attribution,
                           candidate="new", baseline="old" if baseline else None)  # fmt: skip


class Lrp:
    name = "lrp"

    def __repr__(self):
        return "Lrp()"


def test_shares_of_both_models_and_their_change():
    """Of 4 units 3 lie in the upper half, of the baseline's 4 two."""
    columns = RegionAudit(study(), [Lrp()], {}).map(context()).columns
    assert columns[column("area", "top")].tolist() == [0.5]
    assert columns[column("candidate", "lrp", "top", "rrf")].tolist() == [0.75]
    assert columns[column("baseline", "lrp", "top", "rrf")].tolist() == [0.5]
    assert under(columns, "change", "lrp", "top")
    alone = RegionAudit(study(), [Lrp()], {}).map(context(baseline=False)).columns
    assert not under(alone, "change", "lrp", "top")
    assert RegionAudit(study(), [Lrp()], {}).settings()["controls"] == CONTROLS


def test_without_a_region_there_is_nothing_to_measure(monkeypatch):
    monkeypatch.setattr("fairaudit.audits.regions.audit.methods_of", lambda study: [])
    with pytest.raises(UsageError, match="no region to measure"):
        plan(discover=False).audits_for(study(regions=()), SimpleNamespace(unusable={}))
