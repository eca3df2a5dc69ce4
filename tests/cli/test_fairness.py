"""`fairaudit fairness` on tables of predictions and on a tiny model: options, reports, refusals."""

import json
import shutil

import numpy as np
import pyarrow
import pytest
from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate
from pyarrow import parquet
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.metrics import matthews_corrcoef, recall_score, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

ROWS = 400
TABLE = ("fairness", "--predictions", "table.csv", "--truth", "y", "--attribute", "hat", "--replicates", "100")


def records():
    """Rows of a table; decisions about hat b are worse, and persons have four rows each."""
    rng = np.random.default_rng(1)
    hat, age, truth, kind = (rng.integers(0, n, ROWS) for n in (2, 3, 2, 3))
    score = np.clip(0.3 + 0.4 * truth - 0.25 * hat * truth + rng.normal(0, 0.15, ROWS), 0, 1).round(4)
    share = rng.dirichlet([1, 1, 1], ROWS) * 0.5 + 0.5 * np.eye(3)[kind]
    return [
        {
            "row": f"r{i}", "y": int(truth[i]), "p": int(score[i] >= 0.5), "s": float(score[i]),
            "old": int(truth[i]), "hat": "ab"[hat[i]], "age": int(age[i]), "w": float(rng.integers(1, 4)),
            "person": f"q{i // 4}", "kind": "xyz"[kind[i]], **dict(zip(("px", "py", "pz"), share[i], strict=True)),
        }
        for i in range(ROWS)
    ]  # fmt: skip


ALL = records()


def write(folder, rows, name="table.csv"):
    names = list(rows[0])
    lines = [",".join(names), *(",".join(str(row[key]) for key in names) for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def desk(lab):
    """The lab with a table, and without the configuration."""
    (lab.folder / "fairaudit.yaml").rename(lab.folder / "kept.yaml")
    write(lab.folder, ALL)
    return lab


def col(name, rows=ALL):
    return np.array([row[name] for row in rows])


def one(report, metric, **fields):
    names = ("attribute", "group", "class", "baseline")
    found = [
        m for m in report["measurements"] if m["metric"] == metric and all(m[k] == fields.get(k) for k in names)
    ]  # fmt: skip
    assert len(found) == 1, (metric, fields, len(found))
    return found[0]


def test_a_table_gives_the_rates_and_gaps_of_fairlearn(desk):
    report = desk.run(*TABLE, "--prediction", "p", "--score", "s", "--json").report()
    frame = MetricFrame(
        metrics={"tpr": true_positive_rate, "rate": selection_rate},
        y_true=col("y"), y_pred=col("p"), sensitive_features=col("hat"),
    )  # fmt: skip
    for group in "ab":
        assert one(report, "tpr", attribute="hat", group=group, **{"class": "1"})["value"] == pytest.approx(
            frame.by_group["tpr"][group]
        )
        own = col("hat") == group
        assert one(report, "auc", attribute="hat", group=group, **{"class": "1"})["value"] == pytest.approx(
            roc_auc_score(col("y")[own], col("s")[own])
        )
    gap = one(report, "demographic_parity_difference", attribute="hat")
    assert gap["value"] == pytest.approx(frame.difference()["rate"])
    figures = {figure["file"] for figure in report["figures"]}
    assert {f"figures/{name}-hat.png" for name in ("confusion", "roc", "reliability", "sweep", "scores")} <= figures
    assert any("would equalize odds over hat" in note for note in report["notes"])


def test_every_kind_of_table_gives_the_same_report(desk):
    names = list(ALL[0])
    (desk.folder / "table.jsonl").write_text("\n".join(map(json.dumps, ALL)), encoding="utf-8")
    parquet.write_table(
        pyarrow.table({name: [row[name] for row in ALL] for name in names}), desk.folder / "table.parquet"
    )  # fmt: skip
    reports = []
    for kind in ("csv", "jsonl", "parquet"):
        arguments = [*TABLE, "--prediction", "p", "--id", "row", "--json"]
        arguments[2] = f"table.{kind}"
        reports.append(desk.run(*arguments).report())
    assert reports[0]["measurements"] == reports[1]["measurements"] == reports[2]["measurements"]
    assert len({report["data"]["digest"] for report in reports}) == 1


@pytest.mark.parametrize("by_id", [True, False])
def test_a_table_in_any_order_gives_the_same_numbers_bit_by_bit(desk, by_id):
    arguments = [*TABLE, "--prediction", "p", "--score", "s", "--weight", "w", "--cluster", "person", "--json"]
    arguments += ["--id", "row"] if by_id else []
    first = desk.run(*arguments).report()
    write(desk.folder, [ALL[row] for row in np.random.default_rng(0).permutation(ROWS)])
    second = desk.run(*arguments).report()
    assert second["measurements"] == first["measurements"]
    assert (second["data"]["digest"] == first["data"]["digest"]) or not by_id


def test_a_manifest_in_any_order_gives_the_same_numbers_bit_by_bit(lab):
    """Images too are scored in the order of their ids, whatever theirs in the file: scores of a batch, sums, digest."""
    first = lab.run("fairness", "model.pt", "-o", "first", "--json").report()
    lab.write_rows(lab.rows()[::-1])
    second = lab.run("fairness", "model.pt", "-o", "second", "--json").report()
    assert second["measurements"] == first["measurements"]
    assert second["data"]["digest"] == first["data"]["digest"]


def test_one_score_column_per_class(desk):
    arguments = [
        "fairness",
        "--predictions",
        "table.csv",
        "--truth",
        "kind",
        "--attribute",
        "hat",
        "--replicates",
        "100",
    ]
    commas = desk.run(*arguments, "--score", "px,py,pz", "--json").report()
    again = desk.run(*arguments, "--score", "pz,py", "--score", "px", "--classes", "z,y,x", "--json").report()
    scores = np.stack([col(name) for name in ("px", "py", "pz")], axis=1)
    decided = np.array(list("xyz"))[scores.argmax(1)]
    for group in "ab":
        own = col("hat") == group
        for place, kind in enumerate("xyz"):
            fields = {"attribute": "hat", "group": group, "class": kind}
            expected = recall_score(col("kind")[own], decided[own], labels=[kind], average=None)[0]
            assert one(commas, "tpr", **fields)["value"] == pytest.approx(expected)
            assert one(again, "tpr", **fields)["value"] == pytest.approx(expected)
            rest = roc_auc_score(col("kind")[own] == kind, scores[own, place])
            assert one(commas, "auc", **fields)["value"] == pytest.approx(rest)
    assert any("x = px, y = py, z = pz" in note for note in commas["notes"])
    assert again["data"]["classes"] == ["z", "y", "x"]


def test_weights_weigh(desk):
    report = desk.run(*TABLE, "--prediction", "p", "--weight", "w", "--json").report()
    for group in "ab":
        own = (col("hat") == group) & (col("y") == 1)
        expected = np.average(col("p")[own], weights=col("w")[own])
        assert one(report, "tpr", attribute="hat", group=group, **{"class": "1"})["value"] == pytest.approx(expected)
    plain = desk.run(*TABLE, "--prediction", "p", "--json").report()
    widths = [
        gap["high"] - gap["low"]
        for gap in (one(r, "equal_opportunity_difference", attribute="hat") for r in (report, plain))
    ]
    assert widths[0] > widths[1], "unequal weights make intervals wider"
    expected = matthews_corrcoef(col("hat") == "b", col("y"), sample_weight=col("w"))
    assert one(report, "phi", attribute="hat")["value"] == pytest.approx(expected)
    assert any("weighted by w" in note for note in report["notes"])


def test_few_heavy_rows_that_err_widen_the_interval_by_students_quantile(desk):
    """Ten of a hundred rows of a group weigh ten times and err half of the time: Wilson's ends by hand, and within."""
    heavy = np.arange(100) % 10 == 0
    rows = [
        {"row": f"{hat}{i}", "y": 1, "p": int(not heavy[i] or (i // 10 + (hat == "b")) % 2), "hat": hat, "age": "any",
         "w": 10 if heavy[i] else 1}
        for hat in "ab" for i in range(100)
    ]  # fmt: skip
    write(desk.folder, [*rows, *({**row, "row": f"n{row['row']}", "y": 0, "p": 0} for row in rows)])
    report = desk.run(*TABLE, "--prediction", "p", "--weight", "w", "--control", "age", "--json").report()
    w, right = np.where(heavy, 10.0, 1.0), col("p", rows[:100])
    p = np.average(right, weights=w)
    kish = w.sum() ** 2 / (w**2).sum()
    units = 1 / ((w**4).sum() / (w**2).sum() ** 2 - 1 / kish)
    worth = (norm.isf(0.025) / student.isf(0.025, units - 1)) ** 2
    size = worth * p * (1 - p) * w.sum() ** 2 / (w**2 * (right - p) ** 2).sum()
    assert worth < 0.95
    low, high = proportion_confint(p * size, size, method="wilson")
    found = one(report, "tpr", attribute="hat", group="a", **{"class": "1"})
    assert (found["low"], found["high"]) == (pytest.approx(low), pytest.approx(high))
    whole, within = (one(report, "equal_opportunity_difference", attribute=n) for n in ("hat", "hat within age"))
    assert (within["low"], within["high"]) == (pytest.approx(whole["low"]), pytest.approx(whole["high"]))


def test_scores_weigh_too(desk):
    arguments = ["--prediction", "p", "--score", "s", "--weight", "w", "--control", "age", "--cluster", "person"]
    report = desk.run(*TABLE, *arguments, "--json").report()
    for group in "ab":
        own = col("hat") == group
        expected = roc_auc_score(col("y")[own], col("s")[own], sample_weight=col("w")[own])
        assert one(report, "auc", attribute="hat", group=group, **{"class": "1"})["value"] == pytest.approx(expected)
    made = {figure["file"] for figure in report["figures"]}
    names = ("confusion", "roc", "reliability", "sweep", "scores", "precision-recall")
    assert {f"figures/{name}-hat.png" for name in names} <= made
    assert one(report, "equalized_odds_accuracy", attribute="hat")["value"] is not None
    assert one(report, "accuracy_difference", attribute="hat within age")["value"] is not None
    # Not one interval is of images.
    assert {m["unit"] for m in report["measurements"] if m["interval"]} == {"cluster"}


def test_clusters_of_one_row_are_no_clusters(desk):
    apart = desk.run(*TABLE, "--prediction", "p", "--baseline-prediction", "old", "--json").report()
    arguments = ["--prediction", "p", "--baseline-prediction", "old", "--cluster", "row"]
    assert apart["measurements"] == desk.run(*TABLE, *arguments, "--json").report()["measurements"]


def test_whole_persons_are_resampled(desk):
    copies = [dict(row, row=f"{row['row']}.{copy}", person=row["row"]) for row in ALL for copy in range(4)]
    write(desk.folder, copies)
    apart = desk.run(*TABLE, "--prediction", "p", "--json").report()
    whole = desk.run(*TABLE, "--prediction", "p", "--cluster", "person", "--json").report()
    gaps = [one(report, "equalized_odds_difference", attribute="hat") for report in (apart, whole)]
    assert gaps[0]["value"] == gaps[1]["value"]
    assert [gap["unit"] for gap in gaps] == ["image", "cluster"]
    # Four copies of everybody hold what one copy holds: the interval is about twice as wide as the naive one.
    widths = [gap["high"] - gap["low"] for gap in gaps]
    assert 1.6 < widths[1] / widths[0] < 2.5


def test_level_replicates_and_smallest_cell(desk):
    wide, narrow = (
        desk.run(*TABLE, "--prediction", "p", "--level", level, "--json").report() for level in ("0.99", "0.8")
    )  # fmt: skip
    gaps = [one(report, "equalized_odds_difference", attribute="hat") for report in (wide, narrow)]
    assert [gap["level"] for gap in gaps] == [0.99, 0.8]
    assert gaps[0]["high"] - gaps[0]["low"] > gaps[1]["high"] - gaps[1]["low"]
    averaged = one(wide, "unbiased_accuracy", attribute="hat")
    assert averaged["extra"]["replicates"] == 100
    small = desk.run(*TABLE, "--prediction", "p", "--min-cell", "1000", "--json").report()
    assert one(small, "tpr", attribute="hat", group="a", **{"class": "1"})["status"] == "suppressed"
    assert set(small["data"]["cells"]["hat"]["a"].values()) == {None}
    assert one(small, "equalized_odds_difference", attribute="hat")["value"] == gaps[0]["value"], "still counted"


def test_groups_are_compared_within_a_control_attribute(desk):
    report = desk.run(*TABLE, "--prediction", "p", "--control", "age", "--json").report()
    for value in (0, 1, 2):
        own = col("age") == value
        frame = MetricFrame(
            metrics=selection_rate, y_true=col("y")[own], y_pred=col("p")[own], sensitive_features=col("hat")[own]
        )
        gap = one(report, "demographic_parity_difference", attribute=f"hat within age={value}")
        assert gap["value"] == pytest.approx(frame.difference())


def test_two_attributes_their_intersection_and_how_they_go_together(desk):
    report = desk.run(*TABLE, "--attribute", "age", "--prediction", "p", "--intersections", "--json").report()
    assert len(report["data"]["attributes"]["hat & age"]) == 6
    assert one(report, "worst_attribute_group_accuracy", attribute="hat & age")["value"] is not None
    assert 0 <= one(report, "attribute_cramers_v", attribute="hat & age")["value"] <= 1


def test_another_models_decisions_in_the_same_table_are_a_paired_baseline(desk):
    report = desk.run(*TABLE, "--prediction", "p", "--baseline-prediction", "old", "--json").report()
    change = one(report, "equal_opportunity_difference_change", attribute="hat", baseline="old")
    assert change["value"] == pytest.approx(one(report, "equal_opportunity_difference", attribute="hat")["value"])
    assert change["low"] > 0, "the old model is right about everybody"
    lost = one(report, "tpr_change", attribute="hat", group="b", baseline="old", **{"class": "1"})
    own = (col("hat") == "b") & (col("y") == 1)
    assert lost["extra"]["baseline_only"] == (col("p")[own] == 0).sum()
    assert lost["p_value"] < 0.01


def test_a_report_of_the_same_rows_can_be_compared_with(desk):
    desk.run(*TABLE, "--prediction", "old", "--id", "row", "-o", "old")
    report = desk.run(*TABLE, "--prediction", "p", "--id", "row", "--against", "old/report.json", "--json").report()
    gap = one(report, "equal_opportunity_difference", attribute="hat")
    change = one(report, "equal_opportunity_difference_change", attribute="hat", baseline="report of table.csv")
    assert change["value"] == pytest.approx(gap["value"])
    assert change["low"] > 0
    assert any("--baseline-prediction COLUMN" in note for note in report["notes"])
    relabelled = [dict(row, y=1 - row["y"]) if place == 5 else row for place, row in enumerate(ALL)]
    write(desk.folder, relabelled)
    desk.run(*TABLE, "--prediction", "p", "--id", "row", "--against", "old").refused("other data", "digest", "old")
    desk.run(*TABLE, "--prediction", "p", "--against", "nothing").refused("cannot be read", "nothing")


@pytest.mark.drawn
def test_a_change_against_an_earlier_report_can_be_gated(desk):
    (desk.folder / "gate.yaml").write_text(
        "data: {manifest: faces.csv, target: label, attributes: [hat]}\n"
        "gates: [{metric: equal_opportunity_difference_change, attribute: hat, max: 0.0}]\n", encoding="utf-8"
    )  # fmt: skip
    desk.run(*TABLE, "--prediction", "old", "-o", "old")
    done = desk.run(*TABLE, "--prediction", "p", "--against", "old", "-c", "gate.yaml", "-o", "new")
    assert done.code == 3
    assert (desk.folder / "new" / "figures" / "gate.png").stat().st_size > 5000
    written = json.loads((desk.folder / "new" / "report.json").read_text(encoding="utf-8"))
    assert written["figures"][0]["file"] == "figures/gate.png"


def test_rows_that_cannot_be_used_are_excluded_with_their_ids_and_reasons(desk):
    rows = [dict(row) for row in ALL]
    rows[3]["y"], rows[7]["p"], rows[9]["s"], rows[11]["hat"] = "", "", "nan", ""
    write(desk.folder, rows)
    done = desk.run(*TABLE, "--prediction", "p", "--score", "s", "--id", "row", "--json")
    assert done.code == 5
    report = done.report()
    assert [(e["row"], e["id"], e["reason"]) for e in report["excluded"]] == [
        (3, "r3", "the true label is missing"),
        (7, "r7", "the prediction is missing"),
        (9, "r9", "a score is missing"),
    ]
    assert (report["data"]["rows"], report["data"]["scored"]) == (ROWS, ROWS - 3)
    assert report["data"]["unknown"] == {"hat": 1}


@pytest.mark.parametrize(
    ("changed", "arguments", "words"),
    [
        ({"s": "1.5"}, ["--score", "s"], ["A score is not a probability", "from 0 to 1", '"s", line 6']),
        ({"s": "high"}, ["--score", "s"], ["A score is not a probability", "Found: high"]),
        ({"w": "-1"}, ["--prediction", "p", "--weight", "w"], ["A weight is not a number of 0 or more", "line 6"]),
        ({"w": ""}, ["--prediction", "p", "--weight", "w"], ["A row has no weight", "line 6", "Write 0"]),
        ({"row": "r1"}, ["--prediction", "p", "--id", "row"], ["same id", '"r1"', "line 3 and line 6"]),
        ({"row": ""}, ["--prediction", "p", "--id", "row"], ["A row has no id", "line 6"]),
        ({"p": "7"}, ["--prediction", "p"], ['"7"', "line 6"]),
        ({"old": "7"}, ["--prediction", "p", "--baseline-prediction", "old"], ['"7"', "line 6"]),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named(desk, changed, arguments, words):
    write(desk.folder, [{**row, **changed} if place == 4 else row for place, row in enumerate(ALL)])
    desk.run(*TABLE, *arguments).refused(*words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["predictions are not named", "--prediction COLUMN"]),
        (["--prediction", "q"], ['"q" is missing', "--prediction"]),
        (["--prediction", "p", "--control", "ages"], ['"ages" is missing', "--control", 'Did you mean "age"']),
        (["--prediction", "p", "--cluster", "persons"], ["--cluster", 'Did you mean "person"']),
        (["--prediction", "p", "--weight", "w", "--baseline-prediction", "old"], ["--weight", "--baseline-prediction"]),
        (["--prediction", "p", "--level", "95"], ["--level", "between 0.5 and 1"]),
        (["--prediction", "p", "--baseline", "model.pt"], ["--baseline-prediction"]),
        (["--score", "px,py"], ["do not sum to 1", "line 2"]),
        (["--score", "px,py,pz"], ["more or fewer score columns", "3 for 2 values"]),
        (["model.pt", "--prediction", "p"], ["at once", "model.pt"]),
    ],
)
def test_options_that_cannot_be_acted_on_are_refused(desk, arguments, words):
    desk.run(*TABLE, *arguments).refused(*words)


def test_columns_of_a_table_need_a_table(lab):
    lab.run("fairness", "model.pt", "--score", "s").refused("--score", "--predictions TABLE")
    shutil.copy(lab.folder / "model.pt", lab.folder / "twin.pt")
    lab.run("fairness", "model.pt", "twin.pt", "--against", "old").refused("--against compares one model")
    lab.run("fairness", "model.pt", "--against", "nowhere", "--dry-run").refused("nowhere")  # as the run does


def test_a_model_takes_the_same_options(lab):
    rows = lab.rows()
    header = list(rows[0])
    extended = [dict(row, age=str(place % 3), person=str(place // 2)) for place, row in enumerate(rows)]
    lines = [",".join([*header, "age", "person"]), *(",".join(row.values()) for row in extended)]
    (lab.folder / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lab.configure(data={"attributes": ["group", "age"]})
    options = ["--control", "age", "--cluster", "person", "--level", "0.9", "--min-cell", "3"]
    report = lab.run("fairness", "model.pt", *options, "--json", "-o", "out").report()
    gap = one(report, "equalized_odds_difference", attribute="group")
    assert (gap["level"], gap["unit"]) == (0.9, "cluster")
    assert any(m["attribute"] == "group within age" for m in report["measurements"])
    again = lab.run("fairness", "model.pt", *options, "--against", "out", "--json", "-o", "again").report()
    change = one(again, "accuracy_difference_change", attribute="group", baseline="report of model.pt")
    assert change["value"] == 0
    lab.configure(data={"attributes": ["group"]})
    lab.run("fairness", "model.pt", "--against", "out").refused("other data", "digest")
    lab.run("fairness", "model.pt", "--control", "ages").refused("ages")


def test_a_dry_run_tells_the_smallest_gap_per_attribute(lab):
    done = lab.run("fairness", "model.pt", "--dry-run", quiet=False)
    assert done.code == 0
    assert "Smallest gap found with 80 % power: tpr" in done.out
    assert "every cluster counts once" not in done.out
    header, *lines = (lab.folder / "faces.csv").read_text(encoding="utf-8").splitlines()
    persons = [f"{line},{place // 8}" for place, line in enumerate(lines)]
    (lab.folder / "faces.csv").write_text("\n".join([f"{header},person", *persons]), encoding="utf-8")
    plan = lab.run("fairness", "model.pt", "--dry-run", "--cluster", "person", "--json").report()
    # 24 images, 3 persons: 6 images of a cell at most, 3 persons of a cell at most, so no gap in the second case.
    assert plan["detectable"]["group"]["accuracy"] is not None
    assert plan["detectable_alike"]["group"]["tpr"] is None


def test_a_dry_run_counts_the_baseline(lab):
    shutil.copy(lab.folder / "model.pt", lab.folder / "old.pt")
    done = lab.run("fairness", "model.pt", "--baseline", "old.pt", "--dry-run", quiet=False)
    assert " × 2 models (one is the baseline), 1 pass;" in done.out
    plan = lab.run("fairness", "model.pt", "--baseline", "old.pt", "--dry-run", "--json").report()
    assert (plan["models"], plan["baselines"]) == (1, 1)
    assert " × 1 model, 1 pass;" in lab.run("fairness", "model.pt", "--dry-run", quiet=False).out


def test_a_dry_run_of_a_table_checks_what_the_run_would_and_writes_nothing(desk):
    rows = [{**row, "p": "" if number < 3 else row["p"]} for number, row in enumerate(ALL)]
    write(desk.folder, rows)
    rules = "[{metric: tpr, min: 0.1}, {metric: rrf_lift, max: 1.5}]"
    config = f"data: {{manifest: table.csv, target: y}}\ngates: {rules}\n"
    (desk.folder / "fairaudit.yaml").write_text(config, encoding="utf-8")
    done = desk.run(*TABLE, "--prediction", "p", "--dry-run", "--json", "-o", "dry")
    plan = done.report()
    assert (done.code, plan["rows"], plan["excluded"]) == (0, len(ALL) - 3, 3)
    assert sum(count for row in plan["cells"]["hat"].values() for count in row.values()) == len(ALL) - 3
    assert plan["not_judged"] == ["rrf_lift at most 1.5"]
    assert not (desk.folder / "dry").exists()
    assert "Smallest gap found" in desk.run(*TABLE, "--prediction", "p", "--dry-run", quiet=False).out
    desk.run(*TABLE, "--prediction", "q", "--dry-run").refused('"q" is missing')
    (desk.folder / "fairaudit.yaml").write_text(config.replace("tpr", "tprr"), encoding="utf-8")
    desk.run(*TABLE, "--prediction", "p", "--dry-run").refused('Did you mean "tpr"')


@pytest.mark.parametrize("command", ["fairness", "audit", "table"])
def test_without_an_attribute_columns_that_could_be_meant_are_named(lab, command):
    lab.configure(data={"attributes": []}, audit={"attribute": None})
    if command == "table":
        write(lab.folder, ALL)
        done = lab.run("fairness", "--predictions", "table.csv", "--truth", "y", "--prediction", "p")
        done.refused("No attribute is named", "could be meant", "hat", "age")
    else:
        lab.run(command, "model.pt").refused("No attribute is named", "could be meant", "group")
    assert not (lab.folder / "fairaudit-report" / "report.json").exists()


@pytest.mark.slow
def test_the_demonstrations_other_model_is_better_against_the_report_of_the_biased_one(demo_files, lab):
    biased, balanced = str(demo_files.biased), str(demo_files.balanced)
    where = ("-c", str(demo_files.config), "--attribute", "necktie")
    assert lab.run("fairness", biased, *where, "-o", "old").code in (0, 3, 4)
    done = lab.run("fairness", balanced, *where, "-o", "new", "--against", "old", "--json")
    change = one(done.report(), "equalized_odds_difference_change", attribute="necktie", baseline="report of biased.pt")
    assert change["high"] < 0


def test_rows_of_a_table_can_be_chosen(desk):
    half = [row for row in ALL if row["age"] == 1]
    write(desk.folder, half, "half.csv")
    chosen = desk.run(*TABLE, "--prediction", "p", "--split", "age=1", "--json").report()
    alone = desk.run(*[t.replace("table.csv", "half.csv") for t in TABLE], "--prediction", "p", "--json").report()
    assert chosen["measurements"] == alone["measurements"]
    assert chosen["data"]["rows"] == len(half)
    some = desk.run(*TABLE, "--prediction", "p", "--limit", "50", "--id", "row", "--json").report()
    assert some["data"]["rows"] == 50
    assert "A random part of 50 of 400 rows is used (limit)." in some["notes"]
    again = desk.run(*TABLE, "--prediction", "p", "--limit", "50", "--id", "row", "--json").report()
    assert again["data"]["digest"] == some["data"]["digest"] != chosen["data"]["digest"]
    desk.run(*TABLE, "--prediction", "p", "--split", "age=9").refused('The split "9" has no rows')


def test_a_few_images_of_large_weights_stay_a_few(desk):
    """Four images of weight 300 are four images: what rests on so few never passes, and none are 1,200."""
    lines = ["y,p,sex,w"]
    lines += [f"{row % 2},{row % 2},m,300" for row in range(4)] + [f"{row % 2},{row % 2},f,1" for row in range(100)]
    (desk.folder / "few.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    gates = "[{metric: accuracy, attribute: sex, group: m, min: 0.2, on: value}]"
    text = f"data: {{manifest: few.csv, target: y, attributes: [sex]}}\ngates: {gates}\n"
    (desk.folder / "few.yaml").write_text(text, encoding="utf-8")
    told = [
        "--truth",
        "y",
        "--prediction",
        "p",
        "--attribute",
        "sex",
        "--weight",
        "w",
        "--config",
        "few.yaml",
        "--json",
    ]
    done = desk.run("fairness", "--predictions", "few.csv", *told)
    assert done.code == 4, done.err
    report = done.report()
    (rule,) = report["gate"]["rules"]
    assert "based on 4 images" in rule["why"]
    images = {(m["metric"], m["group"], m["class"]): m["n"] for m in report["measurements"]}
    assert (images["accuracy", "m", None], images["accuracy_difference", None, None]) == (4, 104)
    assert images["cell_accuracy", "m", "1"] == 2


def test_sums_of_weights_that_round_beyond_their_whole_are_shares(desk):
    rows = [{"y": i % 3, "p": i % 3, "hat": i % 3, "w": (0.1, 0.7, 1.3)[i * 7 % 11 % 3]} for i in range(300)]
    pairs = "aligned: {pairs: {hat: {'0': '0', '1': '1', '2': '2'}}}"
    config = f"data: {{manifest: table.csv, target: y}}\naudit: {{{pairs}}}\n"
    (desk.folder / "fairaudit.yaml").write_text(config, encoding="utf-8")
    for count in range(30, 300, 60):  # whether it rounds up is luck: several sizes
        write(desk.folder, rows[:count])
        report = desk.run(*TABLE, "--prediction", "p", "--weight", "w", "--json").report()
        assert one(report, "bias_aligned_accuracy", attribute="hat")["value"] == pytest.approx(1.0)


def test_a_name_with_control_characters_reaches_no_terminal(lab):
    ran = lab.run("fairness", "model.pt", "gone\x1b31m.pt")
    assert ran.code == 2
    assert "\x1b" not in ran.out + ran.err
    assert "not audited" in ran.out


def test_a_dry_run_begins_with_rows_that_are_there(lab):
    rows = lab.rows()
    for row in rows[:20]:
        row["file"] = "gone/" + row["file"]
    lab.write_rows(rows)
    ran = lab.run("roi-metrics", "model.pt", "--dry-run")
    assert ran.code == 0
    assert "About" in ran.out
    lab.write_rows([{**row, "file": f"gone/{n}.png"} for n, row in enumerate(rows)])
    lab.run("roi-metrics", "model.pt", "--dry-run").refused()


def test_pairs_are_checked_before_a_model_is_opened(lab, monkeypatch):
    def opened(*_arguments, **_named):
        raise AssertionError("a model was opened")

    monkeypatch.setattr("fairaudit.audits.core.run.open_classifier", opened)
    monkeypatch.setattr("fairaudit.audits.core.dry_run.open_classifier", opened)
    for pairs, words in (
        ({"gruop": {"a": "1"}}, 'attribute "gruop"'),
        ({"group": {"c": "1"}}, 'group "c"'),
        ({"group": {"a": "7"}}, 'target value "7"'),
    ):
        lab.configure(audit={"aligned": {"pairs": pairs}})
        for more in ((), ("--dry-run",)):
            lab.run("fairness", "model.pt", *more).refused("audit.aligned.pairs", words)


@pytest.mark.parametrize(
    ("options", "sections", "words"),
    [
        ((), {"gates": [{"metric": "tprr", "max": 1}]}, 'Did you mean "tpr"'),
        ((), {"gates": [{"metric": "tpr", "group": "c", "min": 0.5}]}, 'the group "c"'),
        ((), {"gates": [{"metric": "tpr", "class": "7", "min": 0.5}]}, 'the class "7"'),
        (("--roi", "pach"), {}, "patch"),
        (("--attribute", "gruop"), {}, "group"),
        (("--target", "lable"), {}, "label"),
        (("--method", "lpr"), {}, "lrp"),
        (("--baseline", "none.pt"), {}, "not a model file"),
    ],
)
def test_a_dry_run_refuses_what_the_run_would_in_the_same_words(lab, options, sections, words):
    """Gates, groups, classes, regions, columns, methods and models; and neither leaves a folder."""
    (lab.folder / "none.pt").write_bytes(b"no model")
    lab.configure(**sections)
    run = ("audit", "model.pt", *options, "-o", "out")
    told = [lab.run(*run, *more).refused(words) for more in (("--dry-run",), ())]
    assert told[0] == told[1]
    assert not (lab.folder / "out" / "report.json").exists()


def test_a_dry_run_opens_the_model(lab):
    (lab.folder / "none.pt").write_bytes(b"no model")
    told = [lab.run("audit", "none.pt", *more).refused("not a model file") for more in (("--dry-run",), ())]
    assert told[0] == told[1]


def test_a_dry_run_counts_the_models_of_its_part(lab):
    shutil.copy(lab.folder / "model.pt", lab.folder / "twin.pt")
    for part, count in (("1/2", 1), ("2/2", 1), ("3/3", 0)):
        plan = lab.run("fairness", "model.pt", "twin.pt", "--shard", part, "--dry-run", "--json").report()
        assert (plan["models"], plan["passes"], plan["seconds"] > 0) == (count, count, count > 0)
