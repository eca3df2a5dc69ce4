"""Many small mistakes of a first day: each ends with one paragraph, exit code 2 and a folder as it was."""

import gzip

import numpy as np
import pytest

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
AUDIT = ("audit", "model.pt", "-o", "out")
FAIR = ("fairness", "model.pt", "-o", "out")
TABLE = ("fairness", "--predictions", "faces.csv", "--truth", "label", "-o", "out")


def write(name, content):
    def prepare(lab):
        path = lab.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return prepare


def config(**sections):
    return lambda lab: lab.configure(**sections)


def text(change):
    """Change the manifest's text."""

    def prepare(lab):
        path = lab.folder / "faces.csv"
        path.write_bytes(change(path.read_bytes()))

    return prepare


def npy(array):
    return lambda lab: np.save(lab.folder / "m.npy", array)


MAPS = ("roi-metrics", "--maps", "m.npy", "-o", "out")
GOOD = np.ones((24, 16, 16), np.float32)
YAML = "fairaudit.yaml"

FILES = {
    "tabs in yaml": (write(YAML, "data:\n\tmanifest: faces.csv\n"), FAIR, ["fairaudit.yaml"]),
    "a list in yaml": (write(YAML, "- a\n- b\n"), FAIR, ["fairaudit.yaml"]),
    "an empty yaml": (write(YAML, ""), FAIR, ["fairaudit.yaml"]),
    "two documents in yaml": (write(YAML, "data: {manifest: faces.csv}\n---\na: 1\n"), FAIR, ["fairaudit.yaml"]),
    "a key twice": (write(YAML, "data: {manifest: a.csv}\ndata: {manifest: b.csv}\n"), FAIR, ["data"]),
    "yaml in utf-16": (write(YAML, "data: {manifest: faces.csv}\n".encode("utf-16")), FAIR, ["fairaudit.yaml"]),
    "yaml of zeros": (write(YAML, bytes(100)), FAIR, ["fairaudit.yaml"]),
    "a picture as yaml": (None, (*FAIR, "--config", "faces/00000.png"), ["00000.png"]),
    "a folder as yaml": (None, (*FAIR, "--config", "faces"), ["faces"]),
    "data as text": (write(YAML, "data: faces.csv\n"), FAIR, ["a mapping"]),
    "regions as a list": (config(regions=["patch"]), AUDIT, ["regions"]),
    "a box of three": (config(regions={"patch": {"box": [0, 0, 1]}}), AUDIT, ["regions.patch", "too short"]),
    "a box of words": (config(regions={"patch": {"box": ["a", 0, 1, 1]}}), AUDIT, ["regions.patch"]),
    "a mask that is missing": (config(regions={"patch": {"mask": "no/{id}.png"}}), AUDIT, ["no/"]),
    "gates as a mapping": (config(gates={"metric": "tpr", "min": 0.5}), FAIR, ["gates"]),
    "a percentage as limit": (config(gates=[{"metric": "tpr_difference", "max": 5}]), FAIR, ["0.05"]),
    "the wrong side": (config(gates=[{"metric": "tpr_difference", "min": 0.05}]), FAIR, ["lower is better"]),
    **{
        f"the wrong side for {command[0]}": (
            config(gates=[{"metric": "tpr_difference", "min": 0.05}]),
            command,
            ["lower is better"],
        )
        for command in (
            ("prune", "model.pt", "-o", "out"),
            ("mitigate", "model.pt", "-o", "out"),
            ("selftest", "model.pt", "-o", "out"),
            ("roi-metrics", "model.pt", "-o", "out"),
        )
    },
    "a limit as text": (config(gates=[{"metric": "tpr", "min": "much"}]), FAIR, ["gates[0].min"]),
    "a size of nothing": (config(preprocess={"size": [0, 16]}), FAIR, ["size", "key preprocess"]),
    "a negative size": (config(preprocess={"size": [-16, 16]}), FAIR, ["size", "key preprocess"]),
    "a size in words": (config(preprocess={"size": "small"}), FAIR, ["size", "key preprocess"]),
    "a deviation of 0": (config(preprocess={"std": [0, 1, 1]}), FAIR, ["std", "key preprocess"]),
    "two means": (config(preprocess={"mean": [0, 0]}), FAIR, ["mean"]),
    "a class twice": (config(model={"classes": ["a", "a"]}), FAIR, ["classes"]),
    "a threshold of 50": (config(model={"threshold": 50}), FAIR, ["model.threshold"]),
    "a level of 95": (config(audit={"level": 95}), FAIR, ["audit.level"]),
    "ten replicates": (config(audit={"replicates": 10}), FAIR, ["audit.replicates"]),
    "the target as attribute": (config(data={"attributes": ["label"]}), (*FAIR, "--attribute", "label"), ["label"]),
    "a layout that is unknown": (config(data={"manifest": {"layout": "faces", "root": "."}}), FAIR, ["layout"]),
    "a layout that is not there": (config(data={"manifest": {"layout": "celeba", "root": "faces"}}), FAIR, ["faces"]),
    "a manifest on the web": (config(data={"manifest": "https://example.org/a.csv"}), FAIR, ["Download it first"]),
    "a model on the web": (None, ("fairness", "https://example.org/model.pt", "-o", "out"), ["Download it first"]),
    "a folder as manifest": (config(data={"manifest": "faces"}), FAIR, ["faces"]),
    "forbidden in words": (config(regions={"patch": {"forbidden": "sometimes"}}), AUDIT, ["forbidden"]),
    "a header alone": (text(lambda t: t.splitlines(True)[0]), FAIR, ["faces.csv"]),
    "a column twice": (text(lambda t: t.replace(b"group", b"label", 1)), FAIR, ["label"]),
    "a quote without end": (text(lambda t: t.replace(b"r0,", b'"r0,', 1)), FAIR, ["faces.csv"]),
    "csv in utf-16": (text(lambda t: t.decode().encode("utf-16")), FAIR, ["faces.csv"]),
    "csv in gzip": (text(gzip.compress), FAIR, ["gzip", "Unpack"]),
    "a spreadsheet": (text(lambda t: b"PK\x03\x04" + t), FAIR, ["spreadsheet"]),
    "a picture as csv": (None, (*FAIR, "--data", "faces/00000.png"), ["00000.png"]),
    "a column without name": (text(lambda t: t.replace(b"group", b"", 1)), FAIR, ["faces.csv"]),
    "json lines that are one list": (write("a.jsonl", '[{"file": "x"}]\n'), (*FAIR, "--data", "a.jsonl"), ["a.jsonl"]),
    "json lines that are numbers": (write("a.jsonl", "1\n2\n"), (*FAIR, "--data", "a.jsonl"), ["a.jsonl"]),
    "half a json line": (write("a.jsonl", '{"file": \n'), (*FAIR, "--data", "a.jsonl"), ["a.jsonl"]),
    "json for json lines": (write("a.json", "[]"), (*FAIR, "--data", "a.json"), ["a.json"]),
    "text as parquet": (write("a.parquet", "file,label\n"), (*FAIR, "--data", "a.parquet"), ["a.parquet"]),
    "half a parquet": (write("a.parquet", b"PAR1" + bytes(40)), (*FAIR, "--data", "a.parquet"), ["a.parquet"]),
    "a pointer of git lfs": (
        write("model.pt", POINTER),
        FAIR,
        ["git lfs pull"],
    ),
    "a page for a model": (write("model.pt", "<!DOCTYPE html><html>Not found</html>"), FAIR, ["model.pt"]),
    "a table as model": (None, ("fairness", "faces.csv", "-o", "out"), ["faces.csv"]),
    "a pointer for a table": (
        write("faces.csv", POINTER),
        FAIR,
        ["git lfs pull"],
    ),
    "an array as model": (write("model.pt", b"\x93NUMPY\x01\x00"), FAIR, ["model.pt"]),
    "text as onnx": (write("model.onnx", "hello"), ("fairness", "model.onnx", "-o", "out"), ["model.onnx"]),
    "rubbish as safetensors": (
        write("m.safetensors", b"\xff" * 64),
        ("fairness", "m.safetensors", "--arch", "torchvision:resnet18", "-o", "out"),
        ["m.safetensors"],
    ),
    "a folder without a configuration": (None, ("fairness", "faces", "-o", "out"), ["faces"]),
}
MAPPED = {
    "flat maps": (npy(GOOD[0]), (*MAPS, "--region-box", "a=0,0,4,4"), ["m.npy"]),
    "maps of text": (npy(np.array(["a"])), (*MAPS, "--region-box", "a=0,0,4,4"), ["m.npy"]),
    "maps of nothing": (npy(GOOD[:0]), (*MAPS, "--region-box", "a=0,0,4,4"), ["m.npy"]),
    "maps without a number": (npy(GOOD * np.nan), (*MAPS, "--region-box", "a=0,0,4,4"), ["m.npy"]),
    "maps without a region": (npy(GOOD), MAPS, ["region"]),
    "a picture as maps": (None, ("roi-metrics", "--maps", "faces/00000.png", "--region-box", "a=0,0,4,4"), ["00000"]),
    "a box without a name": (npy(GOOD), (*MAPS, "--region-box", "0,0,4,4"), ["0,0,4,4"]),
    "a box of five": (npy(GOOD), (*MAPS, "--region-box", "a=0,0,4,4,5"), ["0,0,4,4,5"]),
    "a box beyond the map": (npy(GOOD), (*MAPS, "--region-box", "a=0,0,40,4"), ["40"]),
    "a box turned round": (npy(GOOD), (*MAPS, "--region-box", "a=9,9,4,4"), ["9"]),
    "maps and a model": (npy(GOOD), ("roi-metrics", "model.pt", "--maps", "m.npy", "--roi", "patch"), ["--maps"]),
    "baseline maps of another size": (
        lambda lab: (np.save(lab.folder / "m.npy", GOOD), np.save(lab.folder / "b.npy", GOOD[:5])),
        (*MAPS, "--baseline-maps", "b.npy", "--region-box", "a=0,0,4,4"),
        ["b.npy"],
    ),
}
OPTIONS = {
    "split without a value": (None, (*FAIR, "--split", "test"), ["COLUMN=VALUE"]),
    "a size without area": (None, (*FAIR, "--size", "0x0"), ["0x0"]),
    "a shard beyond the last": (None, (*FAIR, "--shard", "3/2"), ["3/2"]),
    "shard 0": (None, (*FAIR, "--shard", "0/2"), ["0/2"]),
    "a cache in words": (None, (*FAIR, "--cache", "large"), ["large"]),
    "an unknown format": (None, (*FAIR, "--format", "pdf"), ["pdf"]),
    "an unknown device": (None, (*FAIR, "--device", "tpu"), ["tpu"]),
    "an attribute without a name": (None, (*FAIR, "--attribute", ""), ["attribute"]),
    "a region without a name": (None, (*AUDIT, "--roi", ""), ["region"]),
    "a target without a name": (None, (*FAIR, "--target", ""), ["--target is empty"]),
    "against no report": (None, (*FAIR, "--against", "faces.csv"), ["faces.csv"]),
    "against a folder": (None, (*FAIR, "--against", "faces"), ["faces"]),
    "a split without a name": (None, (*FAIR, "--split", ""), ["--split is empty"]),
    "an architecture without a name": (None, (*FAIR, "--arch", " "), ["--arch is empty"]),
    "controlled for itself": (None, (*FAIR, "--control", "group"), ["group"]),
    "a table without predictions": (None, (*TABLE, "--attribute", "group"), ["--prediction"]),
    "a table without a truth": (
        None,
        ("fairness", "--predictions", "faces.csv", "--prediction", "label", "--attribute", "group", "-o", "out"),
        ["--truth"],
    ),
    "a file as score": (None, (*TABLE, "--score", "file", "--attribute", "group"), ["file"]),
    "a file as attribute": (None, (*TABLE, "--prediction", "label", "--attribute", "label"), ["label"]),
    "a model and a table": (
        None,
        (*FAIR, "--predictions", "faces.csv", "--truth", "label"),
        ["cannot be audited at once"],
    ),
    **{
        f"{what} as predictions": (
            None,
            ("fairness", "--predictions", name, "--truth", "label", "--prediction", "label", "--attribute", "group"),
            [f"The table of predictions {said}", f"--predictions {name}" if name != "model.pt" else "Where: model.pt"],
        )
        for what, name, said in (
            ("no file", "none.csv", "does not exist"),
            ("a folder", "faces", "is a folder, not a file"),
            ("a model", "model.pt", "has an unknown kind of file"),
        )
    },
    "a box without area": (None, (*AUDIT, "--region-box", "a=0.5,0.5,0.5,0.5", "--roi", "a"), ["area"]),
}
OTHERS = {
    "a pointer for a report": (write("report.json", POINTER), ("render", "report.json"), ["git lfs pull"]),
    "a pointer for a configuration": (write(YAML, POINTER), FAIR, ["git lfs pull"]),
    "a pointer for maps": (write("m.npy", POINTER), (*MAPS, "--region-box", "a=0,0,4,4"), ["git lfs pull"]),
    "a pointer for a generator": (write("g.pt", POINTER), ("generator", "info", "g.pt"), ["git lfs pull"]),
    "a list as report": (write("report.json", "[]"), ("render", "report.json"), ["report.json"]),
    "another program's report": (write("report.json", '{"version": 1}'), ("render", "report.json"), ["report.json"]),
    "a number that is not one": (write("report.json", '{"a": NaN}'), ("render", "report.json"), ["report.json"]),
    "one report to compare": (None, ("compare", "out"), ["There is one report"]),
    "no reports to merge": (None, ("merge", "faces", "-o", "all"), ["faces"]),
    "a regression without a limit": (None, ("compare", "a", "b", "--regression", "accuracy"), ["accuracy"]),
    "an unknown word": (None, ("explain", "equalised"), ["equalised"]),
    "a picture as generator": (None, ("cf-align", "model.pt", "--generator", "faces/00000.png"), ["00000.png"]),
    "a table as generator": (None, ("generator", "info", "faces.csv"), ["faces.csv"]),
    "no generator": (None, ("cf-align", "model.pt"), ["generator"]),
    "a cvae without a condition": (None, ("generator", "train", "--kind", "cvae", "-o", "g"), ["--condition"]),
    "no such condition": (None, ("generator", "train", "--kind", "cvae", "--condition", "hat", "-o", "g"), ["hat"]),
    "no such method": (None, ("mitigate", "model.pt", "--attribute", "group", "--method", "magic"), ["magic"]),
    "a factor in words": (None, ("mitigate", "model.pt", "--attribute", "group", "--lambda", "much"), ["much"]),
    "a correlation of 2": (None, ("mitigate", "model.pt", "--attribute", "group", "--phi", "2"), ["2"]),
    "nothing to write": (None, ("mitigate", "model.pt", "--attribute", "group", "--write", "every"), ["every"]),
    "a bias that is unknown": (None, ("selftest", "model.pt", "--bias", "glasses"), ["glasses"]),
    "a bias of 150 %": (None, ("selftest", "model.pt", "--rho", "1.5"), ["1.5"]),
    "a gamma in words": (None, ("prune", "model.pt", "--attribute", "group", "--gamma", "much"), ["much"]),
    "resampled to nowhere": (None, ("resample", "--attribute", "colour", "-o", "r.csv"), ["colour"]),
    "resampled into a folder": (None, ("resample", "--attribute", "group", "-o", "faces"), ["faces"]),
    "split by nothing": (None, ("split", "--attribute", "colour", "-o", "s.csv"), ["colour"]),
    "init without a table": (None, ("init", "model.pt", "none.csv", "-o", "n.yaml"), ["none.csv"]),
    "init the wrong way round": (None, ("init", "faces.csv", "model.pt", "-o", "n.yaml"), ["Where: model.pt"]),
    "init with a picture": (None, ("init", "model.pt", "faces/00000.png", "-o", "n.yaml"), ["00000.png"]),
}
LOUD = ("render", "compare", "explain", "init", "resample", "split")
"""Commands without --quiet."""
EVERYTHING = {**FILES, **MAPPED, **OPTIONS, **OTHERS}


def contents(folder):
    """Every file but those of the working folder, which a refused command may have begun."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".fairaudit" not in path.parts]
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_mistake_is_one_paragraph_and_nothing_is_left_behind(lab, name):
    prepare, command, words = EVERYTHING[name]
    if prepare is not None:
        prepare(lab)
    before = contents(lab.folder)
    done = lab.run(*command, quiet=command[0] not in LOUD and command[:2] != ("generator", "info"))
    told = done.refused(*words)
    for jargon in ("pickle", "valid dictionary", "unable to parse", "instance of", "device type", "unicode string"):
        assert jargon not in told
    assert contents(lab.folder) == before


def test_the_list_is_long_enough():
    assert len(EVERYTHING) >= 100


def test_an_image_that_is_a_pointer_is_excluded_with_the_way_out(lab):
    write("faces/00003.png", POINTER)(lab)
    done = lab.run("fairness", "model.pt", "-o", "out", "--json")
    assert done.code == 5
    (row,) = done.report()["excluded"]
    assert "git lfs pull" in row["reason"]
