"""The trial of the methods is taken from the store when only what it does not rest on changes."""

AGAIN = "Testing attribution methods: 1 of 1 (100 %) from an earlier run"


def test_another_question_to_the_same_model_uses_the_trial_again(lab):
    lab.configure(audit={"faithfulness": True})
    first = lab.run("roi-metrics", "model.pt", "-o", "out", "--format", "csv", quiet=False)
    assert "Testing attribution methods" in first.err
    assert AGAIN not in first.err
    lab.configure(audit={"explain": "prediction", "replicates": 120})
    assert AGAIN in lab.run("roi-metrics", "model.pt", "-o", "out", "--format", "csv", quiet=False).err
    lab.configure(audit={"saliency": ["input_x_gradient"]})
    assert AGAIN not in lab.run("roi-metrics", "model.pt", "-o", "out", "--format", "csv", quiet=False).err


def test_a_dry_run_counts_it(lab):
    lab.configure(audit={"faithfulness": True})
    plan = lab.run("roi-metrics", "model.pt", "--dry-run", "--json").report()
    assert plan["trial_seconds"] > 0
    text = lab.run("roi-metrics", "model.pt", "--dry-run", quiet=False).out
    assert "of it for testing the attribution methods." in text
    assert lab.run("fairness", "model.pt", "--dry-run", "--json").report()["trial_seconds"] == 0
    assert "attribution" not in lab.run("fairness", "model.pt", "--dry-run", quiet=False).out
