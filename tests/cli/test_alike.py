"""A model that decides every image alike is never passed, whatever its numbers, and is told in words."""

import json

import pytest
from torch import nn

SAYS = "got the same decision"


class Constant(nn.Module):
    """Always 2, with a gradient of 0."""

    def forward(self, images):
        return 2.0 + 0.0 * images.mean((1, 2, 3))[:, None]


class Bytes(nn.Module):
    """Bright left halves, for pixels of 0 to 255: of pixels of 0 to 1 it says no to all."""

    def forward(self, images):
        return 0.1 * (images[..., :8].mean((1, 2, 3)) - images[..., 8:].mean((1, 2, 3)) - 45.0)[:, None]


@pytest.mark.parametrize("network", [Constant, Bytes])
@pytest.mark.parametrize("gates", [[], [{"metric": "demographic_parity_difference", "max": 1.0}]])
def test_no_gate_passes_it(lab, network, gates):
    lab.save(network().eval(), "alike.pt")
    lab.configure(gates=gates)
    done = lab.run("fairness", "alike.pt", "--json", "-o", "out", "--format", "junit")
    assert done.code == 4, done.err
    gate = done.report()["gate"]
    assert gate["state"] == "inconclusive"
    assert any(SAYS in rule["why"] for rule in gate["rules"]), gate
    assert all(rule["state"] != "pass" for rule in gate["rules"])
    assert SAYS in (lab.folder / "out" / "report.xml").read_text()


def test_pixels_as_the_network_wants_them_are_another_matter(lab):
    lab.save(Bytes().eval(), "alike.pt")
    lab.configure(preprocess={"mean": [0.0], "std": [1 / 255]})
    decided = lab.run("fairness", "alike.pt", "--json", "--fail-on", "never").report()
    accuracy = {m["metric"]: m["value"] for m in decided["measurements"] if m["group"] is None and m["class"] is None}
    assert not any(SAYS in (rule["why"] or "") for rule in decided["gate"]["rules"])
    assert accuracy["demographic_parity_difference"] < 1


def test_an_audit_says_so_too(lab):
    lab.save(Constant().eval(), "alike.pt")
    done = lab.run("audit", "alike.pt", "--roi", "patch", "--json", "-o", "out", "--fail-on", "inconclusive")
    assert done.code in (2, 4), done.err
    told = done.err if done.code == 2 else json.dumps(done.report()["gate"])
    assert SAYS in told or "the same" in told


def test_a_table_of_one_decision_is_no_pass(lab):
    lines = ["y,p,hat"] + [f"{n % 2},1,{n // 2 % 2}" for n in range(80)]
    (lab.folder / "t.csv").write_text("\n".join(lines) + "\n")
    table = ("fairness", "--predictions", "t.csv", "--truth", "y", "--prediction", "p", "--attribute", "hat")
    done = lab.run(*table, "--json")
    assert done.code == 4
    assert SAYS in json.dumps(done.report()["gate"])
