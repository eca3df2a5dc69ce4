"""Bad input, through the command line: one paragraph that says what was wanted, found, where, and what to do."""

import json
import sqlite3
import zipfile

import numpy as np
import pytest
import torch
from torch import nn


class Broken(nn.Module):
    """Finite on noise, which leaves the range from 0 to 1; NaN on pictures, which never do."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        outputs = self.network(images)
        inside = ((images >= 0) & (images <= 1)).flatten(1).all(dim=1, keepdim=True)
        return torch.where(inside, outputs / torch.zeros_like(outputs) * 0, outputs)


# Columns and names


def test_missing_column(lab):
    lab.configure(data={"target": "smile"})
    lab.run("fairness", "model.pt").refused(
        'The column "smile" is missing', "Wanted: the column that data.target", "faces.csv"
    )


def test_renamed_column_is_suggested(lab):
    lab.configure(data={"attributes": ["grop"]}, audit={"attribute": "grop"})
    lab.run("fairness", "model.pt").refused('The column "grop" is missing', 'Did you mean "group"?')


def test_renamed_region_column(lab):
    lab.configure(regions={"patch": {"columns": ["x0", "y0", "x1", "z1"], "units": "pixel"}})
    lab.run("audit", "model.pt").refused('The column "z1" is missing', "regions.patch", "faces.csv")


@pytest.mark.parametrize("command", ["fairness", "audit"])
def test_unknown_attribute(lab, command):
    lab.run(command, "model.pt", "--attribute", "groop").refused('no attribute called "groop"', 'Did you mean "group"?')


@pytest.mark.parametrize("command", ["audit", "roi-metrics", "saliency"])
def test_unknown_region(lab, command):
    lab.run(command, "model.pt", "--roi", "pach").refused('no region called "pach"', 'Did you mean "patch"?')


def test_unknown_metric(lab):
    lab.configure(gates=[{"metric": "equalised_odds_difference", "max": 0.1}])
    lab.run("fairness", "model.pt").refused("equalised_odds_difference", 'Did you mean "equalized_odds_difference"?')


def test_unknown_method(lab):
    lab.run("audit", "model.pt", "--method", "gradeint").refused('"gradeint"', 'Did you mean "gradient"?')


def test_unknown_key_in_the_configuration(lab):
    lab.configure(data={"atributes": ["group"]})
    lab.run("fairness", "model.pt").refused("atributes", 'Did you mean "attributes"?', "fairaudit.yaml")


def test_label_that_is_none_of_the_classes(lab):
    rows = lab.rows()
    rows[4]["label"] = "cat"
    lab.write_rows(rows)
    lab.configure(model={"output": "auto", "classes": ["frown", "smile"]})
    lab.run("fairness", "model.pt").refused('"cat"', "frown", "smile", "faces.csv", "line 6")


def test_no_configuration_and_no_manifest(lab):
    (lab.folder / "fairaudit.yaml").unlink()
    lab.run("fairness", "model.pt").refused("no configuration and no manifest", "--data")


# Regions


def assert_excluded(lab, row, *words):
    """One bad row is left out with its reason, and the run is incomplete for it: nothing may be left out unasked."""
    done = lab.run("audit", "model.pt", "--json")
    assert done.code == 5, done.err
    report = done.report()
    (found,) = report["excluded"]
    assert (found["row"], found["id"]) == (row, f"r{row}")
    assert [word for word in words if word not in found["reason"]] == []
    assert report["data"]["scored"] == 23
    assert "incomplete" in [rule["state"] for rule in report["gate"]["rules"]]


def test_box_outside_the_image(lab):
    rows = lab.rows()
    rows[5]["x1"] = "40"
    lab.write_rows(rows)
    words = "reaches outside the image", 'region "patch", row "r5"', "16 x 16", "40", "Check the units"
    assert_excluded(lab, 5, *words)


def test_box_of_the_command_line_outside_the_image(lab):
    lab.run("roi-metrics", "model.pt", "--roi", "tie", "--region-box", "tie=0.5,0.5,2,2").refused(
        "reaches outside the image", 'region "tie"'
    )


def test_box_without_area(lab):
    rows = lab.rows()
    rows[0]["x1"] = rows[0]["x0"]
    lab.write_rows(rows)
    assert_excluded(lab, 0, "A box has no area", 'row "r0"')


# Models


def test_model_of_another_input_size(lab):
    lab.save(lab.network(size=32))
    lab.run("fairness", "model.pt").refused(
        "does not take these images", "16 x 16 pixels", "model.pt", "preprocess.size"
    )


def test_model_with_too_many_outputs(lab):
    lab.save(lab.network(3))
    lab.configure(model={"output": "auto"})
    lab.run("fairness", "model.pt").refused("3", "2", "outputs")


def test_sigmoid_with_several_outputs(lab):
    lab.save(lab.network(3))
    lab.run("fairness", "model.pt").refused("3", "sigmoid")


def test_model_giving_nan_always(lab):
    network = lab.network()
    with torch.no_grad():
        network[0].weight[0, 0, 0, 0] = float("nan")
    lab.save(network)
    lab.run("fairness", "model.pt").refused("NaN", "model.pt")


def test_model_giving_nan_on_the_pictures(lab):
    lab.save(Broken(lab.network()))
    lab.run("fairness", "model.pt").refused("24 rows, all excluded", "model.pt returns NaN for this image")


def test_weights_without_an_architecture(lab):
    torch.save(lab.network().state_dict(), lab.folder / "weights.pt")
    lab.run("fairness", "weights.pt").refused("weights only", "--arch", "0.weight")


def test_wrong_architecture(lab):
    torch.save(lab.network().state_dict(), lab.folder / "weights.pt")
    lab.run("fairness", "weights.pt", "--arch", "torchvision:resnet18").refused("resnet18", "weights.pt")
    lab.run("fairness", "weights.pt", "--arch", "torchvision:resnet19").refused('"resnet19"', "Did you mean")
    lab.run("fairness", "weights.pt", "--arch", "no_such_package:make").refused('"no_such_package"')


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_model(lab, share):
    content = (lab.folder / "model.pt").read_bytes()
    (lab.folder / "model.pt").write_bytes(content[: int(len(content) * share)])
    lab.run("fairness", "model.pt").refused("model.pt", code=2)


def test_missing_and_empty_model(lab):
    lab.run("fairness", "nothing.pt").refused("nothing.pt")
    (lab.folder / "empty.pt").write_bytes(b"")
    lab.run("fairness", "empty.pt").refused("empty.pt")
    (lab.folder / "hollow").mkdir()
    lab.run("fairness", "hollow").refused("hollow")


def test_foreign_files_as_models(lab):
    picture = lab.folder / "faces" / "00000.png"
    (lab.folder / "picture.pt").write_bytes(picture.read_bytes())
    lab.run("fairness", "picture.pt").refused("picture.pt", "Wanted: ")
    with zipfile.ZipFile(lab.folder / "archive.pt", "w") as archive:
        archive.writestr("readme.txt", "no model")
    lab.run("fairness", "archive.pt").refused("archive.pt")
    (lab.folder / "text.pt").write_text("hello", encoding="utf-8")
    lab.run("fairness", "text.pt").refused("text.pt")


def test_pickled_module_needs_trust(lab):
    torch.save(lab.network(), lab.folder / "whole.pt")
    lab.run("roi-metrics", "whole.pt").refused(
        "unpickling it can run code", "--trust-model", "whole.pt", "The safe alternative is its state_dict", "--arch"
    )
    trusted = lab.run("roi-metrics", "whole.pt", "--trust-model", "--json")
    assert trusted.code == 0
    assert trusted.report()["models"][0]["format"] == "pickle"


# Tables


def test_bom_and_crlf(lab):
    path = lab.folder / "faces.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    done = lab.run("roi-metrics", "model.pt", "--json")
    assert done.code == 0
    assert done.report()["data"]["attributes"] == {"group": ["a", "b"]}
    assert done.report()["data"]["scored"] == 24


def test_duplicate_paths(lab):
    rows = lab.rows()
    rows[7]["file"] = rows[3]["file"]
    lab.write_rows(rows)
    lab.run("fairness", "model.pt").refused("image path", '"faces/00003.png" in line 5 and line 9', "faces.csv")


def test_table_that_is_not_utf_8(lab):
    path = lab.folder / "faces.csv"
    path.write_bytes(path.read_bytes().replace(b",a,", b",\xe4,", 1))
    lab.run("fairness", "model.pt").refused("not UTF-8", "0xe4", "line 2")


def test_row_with_too_few_cells(lab):
    path = lab.folder / "faces.csv"
    path.write_text(path.read_text(encoding="utf-8") + "faces/x.png,1\n", encoding="utf-8")
    lab.run("fairness", "model.pt").refused("another number of cells", "faces.csv, line 26")


def test_empty_table(lab):
    (lab.folder / "faces.csv").write_bytes(b"")
    lab.run("fairness", "model.pt").refused("empty", "faces.csv")
    lab.write_rows([])
    lab.run("fairness", "model.pt").refused("no rows", "faces.csv")


def test_attribute_with_one_value_only(lab):
    lab.write_rows([{**row, "group": "a"} for row in lab.rows()])
    lab.run("fairness", "model.pt").refused('"group" has one value only', '"a" in all rows', "Choose another attribute")


def test_target_with_one_value_only(lab):
    lab.write_rows([{**row, "label": "1"} for row in lab.rows()])
    lab.run("fairness", "model.pt").refused('"label" has one value only', "Choose another target")


def test_cell_without_rows_is_undefined_with_a_reason(lab):
    rows = [row for row in lab.rows() if (row["label"], row["group"]) != ("1", "b")]
    lab.write_rows(rows)
    report = lab.run("audit", "model.pt", "--json").report()
    assert report["data"]["cells"]["group"]["b"]["1"] == 0
    rates = [m for m in report["measurements"] if m["metric"] == "tpr" and m["group"] == "b"]
    assert rates
    for measurement in rates:
        assert (measurement["value"], measurement["status"]) == (None, "undefined")
        assert measurement["reason"]


def test_cell_without_rows_never_passes_a_gate(lab):
    lab.write_rows([row for row in lab.rows() if (row["label"], row["group"]) != ("1", "b")])
    lab.configure(gates=[{"metric": "equal_opportunity_difference", "attribute": "group", "max": 1.0}])
    done = lab.run("fairness", "model.pt", "--json")
    assert done.code in (3, 4)
    assert done.report()["gate"]["state"] in ("fail", "inconclusive")


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_rows(lab, count):
    """No group has both labels: there are rates without a value, and no curve to draw."""
    report = lab.run("fairness", "model.pt", "--limit", str(count), "--json").report()
    assert report["data"]["scored"] == count
    assert [m for m in report["measurements"] if m["status"] == "undefined" and m["reason"]]


def test_empty_split(lab):
    lab.configure(data={"split": {"column": "split", "use": "tests"}})
    lab.run("fairness", "model.pt").refused('The split "tests" has no rows', '"test" 24', 'Did you mean "test"?')


# Where it is written


def test_folder_that_cannot_be_written(lab):
    (lab.folder / "taken").write_text("a file", encoding="utf-8")
    lab.run("fairness", "model.pt", "-o", "taken").refused("cannot be written", "taken", "-o")
    lab.run("fairness", "model.pt", "-o", "/proc/fairaudit").refused("cannot be written", "/proc/fairaudit")
    assert (lab.folder / "taken").read_text(encoding="utf-8") == "a file"


def test_folder_that_cannot_be_written_for_a_table(lab):
    (lab.folder / "taken").write_text("a file", encoding="utf-8")
    arguments = ("--predictions", "faces.csv", "--truth", "label", "--prediction", "label", "--attribute", "group")
    lab.run("fairness", *arguments, "-o", "taken").refused("cannot be written", "taken")


def test_run_store_of_another_version(lab):
    assert lab.run("roi-metrics", "model.pt", "-o", "out").code == 0
    with sqlite3.connect(lab.folder / ".fairaudit" / "out" / "run.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    lab.run("roi-metrics", "model.pt", "-o", "out").refused("another version", "version 99", "run.sqlite", "--fresh")
    assert lab.run("roi-metrics", "model.pt", "-o", "out", "--fresh").code == 0


def test_foreign_run_store(lab):
    (lab.folder / ".fairaudit" / "out").mkdir(parents=True)
    with sqlite3.connect(lab.folder / ".fairaudit" / "out" / "run.sqlite") as connection:
        connection.execute("CREATE TABLE mine (text TEXT)")
        connection.execute("INSERT INTO mine VALUES ('precious')")
    connection.close()
    lab.run("roi-metrics", "model.pt", "-o", "out", "--fresh").refused("not a run store of fairaudit", "run.sqlite")
    with sqlite3.connect(lab.folder / ".fairaudit" / "out" / "run.sqlite") as connection:
        assert connection.execute("SELECT text FROM mine").fetchone() == ("precious",)
    connection.close()


def test_damaged_run_store(lab):
    assert lab.run("roi-metrics", "model.pt", "-o", "out").code == 0
    path = lab.folder / ".fairaudit" / "out" / "run.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = np.random.default_rng(0).bytes(len(content) - 4096)
    path.write_bytes(bytes(content))
    lab.run("roi-metrics", "model.pt", "-o", "out").refused("run store is damaged", "run.sqlite")


def test_report_of_another_version(lab):
    assert lab.run("roi-metrics", "model.pt", "-o", "out").code == 0
    path = lab.folder / "out" / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**report, "schema_version": 99}), encoding="utf-8")
    lab.run("render", "out/report.json", quiet=False).refused(
        "another version", "version 99", "Render it with that version"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "not a report of fairaudit"),
        ("[1]", "not a report of fairaudit"),
        ("{", "not strict JSON"),
        ('{"schema_version": 1, "x": NaN}', "not strict JSON"),
        ('{"schema_version": 1}', "does not follow its schema"),
    ],
)
def test_file_that_is_no_report(lab, content, words):
    (lab.folder / "report.json").write_text(content, encoding="utf-8")
    lab.run("render", "report.json", quiet=False).refused(words, "report.json")


def test_missing_report(lab):
    lab.run("render", "nothing.json", quiet=False).refused("nothing.json")


def test_a_folder_is_rendered_into_itself(lab):
    lab.run("fairness", "model.pt", "-o", "out")
    (lab.folder / "out" / "report.md").unlink()
    assert lab.run("render", "out", "--format", "md,html", quiet=False).code == 0
    assert (lab.folder / "out" / "report.md").is_file()
    assert not (lab.folder / "report.md").exists()


@pytest.mark.parametrize("name", ["report.csv", "summary.csv"])
def test_a_table_that_is_read_is_never_written_over(lab, name):
    (lab.folder / "faces.csv").rename(lab.folder / name)
    lab.configure(data={"manifest": name})
    before = (lab.folder / name).read_bytes()
    lab.run("fairness", "model.pt", "--format", "csv", "-o", ".").refused("would be overwritten", name)
    columns = ("--truth", "label", "--prediction", "label", "--attribute", "group")
    lab.run("fairness", "--predictions", name, *columns, "--format", "csv", "-o", ".").refused("would be overwritten")
    assert (lab.folder / name).read_bytes() == before
    assert lab.run("fairness", "model.pt", "--format", "csv", "-o", "out").code in (0, 4)
