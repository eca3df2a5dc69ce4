"""The fairness audit on arrays and reports made by hand: what it reads, notes and draws."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, matthews_corrcoef

from fairaudit.audits.core.report.against import against, changes
from fairaudit.audits.core.report.drawn import drawn as written
from fairaudit.audits.core.stream.audit import Drawing, Findings
from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView
from fairaudit.audits.fairness.read import read_fairness
from fairaudit.audits.fairness.threshold_figures import used_threshold
from fairaudit.audits.fairness.thresholds import equalizing
from fairaudit.config.schema import AuditConfig
from fairaudit.data.categorical import Categorical
from fairaudit.data.training import Training
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.counts.confusion import confusion
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Data, Gate, Report, Run
from fairaudit.results.store import write_report


def column(name, codes, values=("0", "1")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


def view(of):
    return FairnessView(inputs=of, grouping=of.groupings[0])


def inputs(
    groupings,
    target,
    decisions,
    *,
    scores=None,
    baseline=None,
    classes=("0", "1"),
    clusters=None,
    controls=(),
    training=None,
    **audit,
):
    def counts(g):
        decided = np.asarray(decisions, np.int32)
        return confusion(g.codes, target, decided, groups=len(g.values), classes=len(classes)).counts

    return FairnessInputs(
        groupings=groupings,
        counts={g.name: counts(g) for g in groupings},
        target=column("y", target, classes),
        decisions=np.asarray(decisions, np.int32),
        scores=None if scores is None else np.stack([1 - scores, scores], axis=1),
        baseline_decisions=None if baseline is None else np.asarray(baseline, np.int32),
        clusters=partition(clusters),
        controls=controls,
        audit=AuditConfig(replicates=100, **audit),
        seed=0,
        name="model",
        baseline_name=None if baseline is None else "old",
        single=groupings,
        training=training,
    )


@pytest.fixture(scope="module")
def drawn():
    """Rows of two attributes; the scores of hat 1 are shifted down."""
    rng = np.random.default_rng(4)
    hat, age, truth = rng.integers(0, 2, 600), rng.integers(0, 3, 600), rng.integers(0, 2, 600)
    age = np.where(rng.random(600) < 0.3, hat, age)
    scores = np.clip(0.3 + 0.4 * truth - 0.15 * hat * truth + rng.normal(0, 0.15, 600), 0, 1)
    return hat, age, truth, scores


def one(found, metric, **fields):
    chosen = [m for m in found if m.metric == metric and all(getattr(m, k) == v for k, v in fields.items())]
    assert len(chosen) == 1, [m.id for m in chosen]
    return chosen[0]


def test_attributes_are_set_against_each_other_and_against_the_target(drawn):
    hat, age, truth, scores = drawn
    two = column("hat", hat), column("age", np.minimum(age, 1))
    found = read_fairness(inputs(list(two), truth, (scores > 0.5).astype(int))).measurements
    between = one(found, "attribute_phi", attribute="hat & age")
    assert between.value == pytest.approx(matthews_corrcoef(hat, np.minimum(age, 1)))
    assert one(found, "phi", attribute="hat").value == pytest.approx(matthews_corrcoef(hat, truth))
    assert between.n == 600


def test_unknown_values_are_counted_and_noted():
    hat = [0, 1, -1, 0, 1, -1, 0, 1]
    found = read_fairness(inputs([column("hat", hat)], [0, 1] * 4, [0, 1] * 4))
    assert any("2 of 8 rows have an unknown hat" in note for note in found.notes)
    assert one(found.measurements, "accuracy", group="0").n == 3


def test_the_rules_per_group_equalize_odds_when_they_are_carried_out(drawn):
    """The rules are carried out by drawing decisions, and the rates counted with scikit-learn."""
    hat, _, truth, scores = drawn
    scores = np.floor(scores * 1000) / 1000  # on the grid, so that thresholds between bins decide exactly
    found = list(equalizing(view(inputs([column("hat", hat)], truth, scores > 0.5, scores=scores))))
    whole = one(found, "equalized_odds_accuracy")
    rng, copies = np.random.default_rng(0), 200
    rates, right = [], 0.0
    for group in (0, 1):
        rule = one(found, "equalized_odds_threshold", group=str(group)).extra
        own = np.tile(scores[hat == group] + 1e-9, copies)
        threshold = np.where(rng.random(len(own)) < rule["mix"], rule["lower"], rule["upper"])
        at_random = rng.random(len(own)) < whole.extra["fpr"]
        decision = np.where(rng.random(len(own)) < rule["keep"], own >= threshold, at_random)
        table = confusion_matrix(np.tile(truth[hat == group], copies), decision, normalize="true")
        rates.append((table[0, 1], table[1, 1]))
        right += accuracy_score(np.tile(truth[hat == group], copies), decision) * (hat == group).mean()
    assert rates[0] == pytest.approx(rates[1], abs=0.01)
    assert rates[0] == pytest.approx((whole.extra["fpr"], whole.extra["tpr"]), abs=0.01)
    assert right == pytest.approx(whole.value, abs=0.01)


def test_without_positives_in_a_group_there_is_no_rule_but_a_reason():
    codes, truth, scores = [0, 0, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0], np.linspace(0.1, 0.9, 6)
    found = list(equalizing(view(inputs([column("hat", codes)], truth, [0] * 6, scores=scores))))
    assert [(m.metric, m.status) for m in found] == [
        ("equalized_odds_accuracy", "undefined"),
        ("equal_opportunity_accuracy", "undefined"),
    ]
    assert all("group 1" in m.reason for m in found)


def test_rules_of_small_cells_are_suppressed(drawn):
    hat, _, truth, scores = drawn
    found = list(equalizing(view(inputs([column("hat", hat)], truth, scores > 0.5, scores=scores, min_cell=1000))))
    rules = [m for m in found if m.metric.endswith("_threshold")]
    assert len(rules) == 4
    assert {m.status for m in rules} == {"suppressed"}
    assert all(m.value is None and not m.extra for m in rules)


@pytest.mark.parametrize(
    ("scores", "decisions", "expected"),
    [([0.2, 0.7], [0, 1], 0.5), ([0.1, 0.3], [0, 1], 0.2), ([0.2, 0.7], [1, 0], None)],
)
def test_the_threshold_that_decides_is_read_from_the_decisions(scores, decisions, expected):
    found = used_threshold(inputs([column("hat", [0, 1])], [0, 1], decisions, scores=np.array(scores)))
    assert found == (None if expected is None else pytest.approx(expected))


def test_levelling_down_is_told_as_harm():
    """Group 1 was better; the candidate makes it as bad as group 0 and helps nobody."""
    hat, truth = np.repeat([0, 1], 100), np.ones(200, int)
    old = np.concatenate([np.repeat([0, 1], 50), np.repeat([0, 1], [10, 90])])
    new = np.concatenate([np.repeat([0, 1], 50), np.repeat([0, 1], [50, 50])])
    truth[::4], old[::4], new[::4] = 0, 0, 0
    found = read_fairness(inputs([column("hat", hat)], truth, new, baseline=old))
    told = [note for note in found.notes if note.startswith("Levelled down against old")]
    assert len(told) == 1
    assert "equal_opportunity_difference" in told[0]
    better = np.where(hat == 1, old, np.maximum(old, 1 - (np.arange(200) % 2))) * truth
    raised = read_fairness(inputs([column("hat", hat)], truth, better, baseline=old))
    assert not [note for note in raised.notes if note.startswith("Levelled down")]


def test_figures_that_nobody_could_read_are_left_out_with_a_note():
    rng = np.random.default_rng(0)
    many, truth = rng.integers(0, 13, 400), rng.integers(0, 2, 400)
    found = read_fairness(inputs([column("many", many, tuple(map(str, range(13))))], truth, truth))
    assert [drawing.name for drawing in found.drawings] == ["disparities.png"]
    assert any("13 groups × 2 target values are too many to read" in note for note in found.notes)


def test_every_figure_can_be_drawn(drawn):
    hat, _, truth, scores = drawn
    found = read_fairness(inputs([column("hat", hat)], truth, scores >= 0.5, scores=scores))
    names = [drawing.name.split("-")[0].split(".")[0] for drawing in found.drawings]
    assert names == ["disparities", "confusion", "reliability", "roc", "sweep", "scores", "precision"]
    for drawing in found.drawings:
        assert drawing.draw().startswith(b"\x89PNG")


def measured(value, low, high, level=0.95, metric="equalized_odds_difference", **fields):
    return Measurement(
        audit="fairness", metric=metric, attribute="hat", value=value, low=low, high=high, level=level, better="lower",
        interval="max-t", n=100, **fields,
    )  # fmt: skip


def report(measurements, digest="abc"):
    return Report(
        run=Run(started="", seconds=0, command=[], device="cpu", resumed_chunks=0, versions={}),
        data=Data(name="old.csv", digest=digest, rows=1, scored=1, target="y", classes=["0", "1"], attributes={},
                  unknown={}, cells={}, regions={}, seed=0),
        models=[], measurements=measurements, verdicts=[], excluded=[], notes=[], figures=[],
        gate=Gate(state="none", exit_code=0, fail_on="fail", correction="none", rules=[]),
    )  # fmt: skip


def test_a_change_between_two_reports_by_hand():
    earlier = report([measured(0.30, 0.20, 0.40), measured(0.1, 0, 0.2, metric="tpr_difference")])
    [found] = changes([measured(0.05, 0.0, 0.12)], earlier)
    assert found.id == "fairness/equalized_odds_difference_change/attribute=hat/baseline=report of old.csv"
    assert (found.value, found.low, found.high) == pytest.approx((-0.25, -0.40, -0.08))
    assert (found.level, found.better, found.interval) == (pytest.approx(0.90), "lower", "two-reports")


def test_the_interval_of_a_change_holds_however_the_two_models_depend_on_each_other():
    """Normal estimates with known intervals: the change is held as often as promised, at any correlation."""
    rng = np.random.default_rng(0)
    for correlation in (-0.95, 0.0, 0.95):
        both = rng.multivariate_normal([0.3, 0.5], [[0.01, 0.01 * correlation], [0.01 * correlation, 0.01]], 4000)
        held = 0
        for old, new in both[:1000]:
            ends = [(value, value - 0.196, value + 0.196) for value in (old, new)]
            [found] = changes([measured(*ends[1])], report([measured(*ends[0])]))
            held += found.low <= 0.2 <= found.high
        assert held / 1000 >= 0.90 - 0.02


def test_a_change_of_what_does_not_exist_is_undefined_with_the_reason():
    nothing = measured(None, 0.0, 1.0, status="undefined", reason="group 1 has no positive")
    [found] = changes([nothing], report([measured(0.3, 0.2, 0.4)]))
    assert (found.value, found.low, found.status) == (None, None, "undefined")
    assert "this model" in found.reason
    assert "no positive" in found.reason
    [found] = changes([measured(0.3, 0.2, 0.4)], report([nothing]))
    assert "the earlier one" in found.reason


def test_two_reports_are_told_to_be_unpaired(tmp_path):
    write_report(report([measured(0.3, 0.2, 0.4)]), tmp_path / "report.json")
    found = against(Findings(measurements=[measured(0.1, 0.0, 0.2)]), tmp_path, digest="abc")
    assert [m.metric for m in found.measurements] == ["equalized_odds_difference", "equalized_odds_difference_change"]
    assert "no decisions per image" in found.notes[0]
    assert "--baseline MODEL" in found.notes[0]
    assert "at a level of 90 %" in found.notes[0]


def test_every_interval_is_of_clusters_and_the_order_of_rows_changes_none(drawn):
    hat, age, truth, scores = drawn
    person, old = np.random.default_rng(5).integers(-1, 90, 600), (scores > 0.6).astype(int)

    def made(order):
        columns = {name: part[order] for name, part in {"scores": scores, "baseline": old, "clusters": person}.items()}
        control = [column("age", age[order], ("0", "1", "2"))]
        groupings = [column("hat", hat[order])]
        return read_fairness(
            inputs(groupings, truth[order], (scores > 0.5).astype(int)[order], controls=control, **columns)
        ).measurements

    first, second = made(np.arange(600)), made(np.random.default_rng(6).permutation(600))
    assert {m.unit for m in first if m.interval} == {"cluster"}
    assert any("within age" in m.attribute for m in first)
    assert any(m.metric == "tpr_change" for m in first)
    for ours, theirs in zip(first, second, strict=True):
        assert ours.id == theirs.id
        for end in ("value", "low", "high", "p_value"):
            assert getattr(ours, end) == pytest.approx(getattr(theirs, end), abs=1e-9), ours.id


def test_the_theory_is_told_with_its_figure_where_groups_and_values_are_paired():
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 3, 900)
    colour = np.where(rng.random(900) < 0.8, truth, rng.integers(0, 3, 900))
    decided = np.where(rng.random(900) < 0.3, colour, truth)
    values = ("r", "g", "b")
    classes, told = ("0", "1", "2"), {"aligned": {"split": "train"}}
    seen = rng.integers(0, 3, 500)
    before = column("colour", np.where(rng.random(500) < 0.9, seen, rng.integers(0, 3, 500)), values)
    training = Training(split="train", target=column("y", seen, classes), attributes={"colour": before})
    made = inputs([column("colour", colour, values)], truth, decided, classes=classes, training=training, **told)
    found = read_fairness(made)
    rho = one(found.measurements, "bias_aligned_share")
    assert rho.value == pytest.approx((before.codes == seen).mean())
    phi = one(found.measurements, "model_biasedness")
    assert phi.value == pytest.approx((decided == colour)[colour != truth].mean())
    assert {"theory-colour.png", "confusion-colour.png"} <= {drawing.name for drawing in found.drawings}
    assert any("ρ = 0.9" in note and "of the training rows" in note for note in found.notes)
    (drawing,) = (drawing for drawing in found.drawings if drawing.name.startswith("theory"))
    assert drawing.draw().startswith(b"\x89PNG")
    uneven = read_fairness(inputs([column("colour", colour, values)], np.minimum(truth, 1), decided > 0))
    assert "as many groups as target values" in one(uneven.measurements, "bias_aligned_share").reason
    assert not [drawing for drawing in uneven.drawings if drawing.name.startswith("theory")]


def test_groups_with_a_cell_too_small_to_print_are_in_no_figure(drawn, monkeypatch):
    hat, _, truth, scores = drawn
    rare = np.where((hat == 1) & (truth == 1) & (np.arange(600) > 20), 0, hat)
    shown = []
    monkeypatch.setattr(
        "fairaudit.report.figures.confusion.confusion", lambda counts, *, groups, **_: shown.extend(groups) or b""
    )
    found = read_fairness(inputs([column("hat", rare)], truth, scores > 0.5, scores=scores, min_cell=10))
    next(drawing for drawing in found.drawings if drawing.name == "confusion-hat.png").draw()
    assert shown == ["hat=0"]
    assert any(note == "Not in the figures per hat: 1, with a cell of fewer than 10 images." for note in found.notes)


def test_no_curve_is_drawn_of_groups_that_may_not_be_shown():
    # Group 0 has three positives, too few to be shown; group 1 has none at all.
    hat, truth = np.repeat([0, 1], [103, 100]), np.zeros(203, np.int32)
    truth[:3] = 1
    scores = np.linspace(0, 1, 203)
    found = read_fairness(inputs([column("hat", hat)], truth, scores > 0.5, scores=scores, min_cell=5))
    names = [drawing.name for drawing in found.drawings]
    assert "roc-hat.png" not in names
    assert "precision-recall-hat.png" not in names
    for drawing in found.drawings:
        assert drawing.draw()


def test_figures_of_names_that_look_alike_get_files_of_their_own(tmp_path):
    pictures = [Drawing(name=name, caption=name, draw=lambda name=name: name.encode()) for name in ("a.png", "A.png")]
    found = written([*pictures, pictures[0]], tmp_path)
    assert [figure.file for figure in found] == ["figures/a.png", "figures/A-2.png", "figures/a-3.png"]
    assert [(tmp_path / figure.file).read_text() for figure in found] == ["a.png", "A.png", "a.png"]


def test_a_figures_name_cannot_lead_out_of_the_folder(tmp_path):
    with pytest.raises(ValueError, match="not a file name"):
        written([Drawing(name="power-/../../evil.png", caption="", draw=lambda: b"")], tmp_path / "out")
    assert not list(tmp_path.rglob("*.png"))


def test_what_needs_the_training_is_undefined_without_it_whatever_the_audited_rows_show():
    truth = np.repeat([0, 1], 200)
    found = read_fairness(inputs([column("hat", truth)], truth, truth)).measurements
    for name in ("bias_conflict_accuracy", "bias_aligned_accuracy", "bias_aligned_share", "training_phi"):
        assert one(found, name).value is None
        assert "audit.aligned" in one(found, name).reason, name
    assert one(found, "phi").value == 1


def test_phi_of_training_is_scikit_learns_and_pairs_with_a_rho_give_it_too():
    rng = np.random.default_rng(3)
    truth, hat = rng.integers(0, 2, (2, 300))
    seen = rng.integers(0, 2, 400)
    worn = np.where(rng.random(400) < 0.8, seen, 1 - seen)
    training = Training(split="train", target=column("y", seen), attributes={"hat": column("hat", worn)})
    told = inputs([column("hat", hat)], truth, truth, training=training, aligned={"split": "train"})
    found = one(read_fairness(told).measurements, "training_phi")
    assert found.value == pytest.approx(matthews_corrcoef(seen, worn))
    assert found.n == 400
    pairs = {"pairs": {"hat": {"0": "0", "1": "1"}}, "rho": {"hat": 0.8}}
    rows = read_fairness(inputs([column("hat", hat)], truth, truth, aligned=pairs)).measurements
    assert one(rows, "training_phi").value == pytest.approx(0.6)
    assert one(rows, "bias_aligned_share").value == pytest.approx(0.8)
