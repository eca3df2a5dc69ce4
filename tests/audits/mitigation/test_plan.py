"""A plan of mitigation is of the reporting part, with an audit only where a model is written."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.mitigation import plan


@pytest.fixture
def planned(monkeypatch, tmp_path):
    """The plan of what is asked for: its data, baseline and words."""
    monkeypatch.setattr(
        plan, "checked_parts", lambda *_, **__: ({"debias": range(1200), "choose": [0]}, "part", (), [])
    )
    monkeypatch.setattr(plan, "checked_associations", lambda *_, **__: SimpleNamespace(material="at every φ"))
    monkeypatch.setattr(plan, "plan_on", lambda material, _, **more: (material, more["baseline"], more["besides"]))

    def of(**asked):
        given = SimpleNamespace(**{"methods": ("dfr",), "phis": (), "write": None} | asked)
        return plan.plan_mitigate(tmp_path / "m.pt", config=None, base=tmp_path, options=None, asked=given)

    return of


def test_a_written_model_is_audited_beside_the_old_one(planned, tmp_path):
    material, baseline, (first, last) = planned(write="best")
    assert (material, baseline) == ("part", tmp_path / "m.pt")
    assert "fits 1 method on 1,200 images" in first
    assert "written model and of this one" in last


def test_without_one_nothing_is_audited(planned):
    assert planned()[1] is None
    assert "nothing is written" in planned()[2][1]
    material, baseline, (first, _) = planned(phis=(0.0, 0.9))
    assert (material, baseline) == ("at every φ", None)
    assert "trains 2 models" in first
