"""A plan of pruning is of the reporting part and both models, and says what it does not count."""

from types import SimpleNamespace

from fairaudit.audits.pruning import plan


def test_it_is_of_the_reporting_part_and_names_what_comes_before(monkeypatch, tmp_path):
    parts = SimpleNamespace(fit=range(1200), choose=range(30), report=range(7))
    monkeypatch.setattr(plan, "opened_parts", lambda *_, **__: SimpleNamespace(parts=parts, report="reporting part"))
    monkeypatch.setattr(plan, "plan_on", lambda material, models, **more: (material, models, more))
    model = tmp_path / "model.pt"
    material, models, more = plan.plan_prune(model, config=None, base=tmp_path, options=None, asked=None)
    assert (material, models, more["baseline"]) == ("reporting part", [model], model)
    assert "1,200 images and chooses on 30 others" in more["besides"][0]
    assert "not in the time" in more["besides"][1]
