"""A model made of outputs, on the command line: half of a model twice is the model; a sum moves its decisions."""

import pytest


@pytest.fixture
def counted(lab):
    def run(text):
        done = lab.run("fairness", text, "--replicates", "100", "--json", "--fail-on", "never")
        report = done.report()
        rates = {m["id"]: m["value"] for m in report["measurements"] if m["metric"] in ("tpr", "fpr", "auc")}
        return report["models"][0], rates

    return run


def test_halves_of_one_output_are_the_model_itself(counted):
    model, rates = counted("model.pt")
    made, same = counted("0.5*(model.pt#0 + model.pt#0)")
    assert same == rates
    assert made["format"] == "expression"
    assert made["sha256"] != model["sha256"]


def test_a_constant_moves_every_score_and_so_the_decisions(counted):
    _, rates = counted("model.pt#0 + 0.5")
    assert {value for name, value in rates.items() if "/tpr/" in name} == {1.0}
    assert {value for name, value in rates.items() if "/fpr/" in name} == {1.0}


def test_an_unknown_output_or_model_is_refused(lab):
    lab.run("fairness", "model.pt#smile + 1").refused('no output called "smile"')
    lab.run("fairness", "a + 0.3*b").refused("which model", "file.pt#name")
