"""A baseline is asked once for all models that are compared with it: counted, and the same bytes with and without."""

import shutil
from collections import Counter

import pytest
import torch

from fairaudit.engine.shelf import Shelf
from fairaudit.models.classifier import Classifier
from fairaudit.saliency.lrp.method import Lrp
from tests.cli.conftest import ROWS
from tests.cli.several_models import FAST, files, write_models

ASKED = ("--baseline", "baseline.pt", "--method", "lrp", "--method", "gradcam")


@pytest.fixture
def zoo(lab):
    """Two models, and a baseline."""
    write_models(lab, 3)
    (lab.folder / "zoo" / "m2.pt").rename(lab.folder / "baseline.pt")
    lab.configure(audit={"fills": ["grey", "swap"]})
    return lab


@pytest.fixture
def counts(monkeypatch):
    """How many images went through a model, and how many were explained, by its name."""
    found, logits, attribute = Counter(), Classifier.logits, Lrp.attribute

    def counted_logits(self, images):
        found["passes", self.name] += len(images)
        return logits(self, images)

    def counted_attribute(self, classifier, images, classes, *, seed=0):
        found["maps", classifier.name] += len(images)
        return attribute(self, classifier, images, classes, seed=seed)

    monkeypatch.setattr(Classifier, "logits", counted_logits)
    monkeypatch.setattr(Lrp, "attribute", counted_attribute)
    return found


def audit(lab, folder, *more, models="zoo"):
    lab.run("audit", models, *ASKED, "-o", folder, *FAST, *more)
    return files(lab.folder / folder)


def test_a_baseline_of_several_models_is_asked_as_often_as_that_of_one(zoo, counts):
    audit(zoo, "one", models="zoo/m0.pt")
    one = {what: counts[what, "baseline.pt"] for what in ("passes", "maps")}
    counts.clear()
    shared = audit(zoo, "shared")
    assert {what: counts[what, "baseline.pt"] for what in one} == one
    counts.clear()
    assert audit(zoo, "each", "--cache", "0") == shared
    assert counts["maps", "baseline.pt"] == 2 * one["maps"] == 2 * ROWS
    assert counts["passes", "baseline.pt"] > 1.5 * one["passes"]
    assert audit(zoo, "two", "--jobs", "2") == shared
    for folder in ("shared", "two"):
        assert not list((zoo.folder / ".fairaudit" / folder).glob("baseline-*"))


def test_the_class_that_a_model_decides_is_asked_about_once(zoo, counts):
    """Candidates that decide differently ask the baseline about different classes."""
    network = zoo.network()
    with torch.no_grad():
        network[-1].weight.neg_(), network[-1].bias.neg_()
    zoo.save(network, "zoo/m1.pt")
    zoo.configure(audit={"explain": "prediction"})
    shared = audit(zoo, "shared")
    assert audit(zoo, "each", "--cache", "0") == shared


def test_what_others_wrote_is_not_believed(zoo, monkeypatch):
    """Answers stay after a kill; changed ones are computed anew."""
    real = Shelf.clear
    monkeypatch.setattr(Shelf, "clear", lambda _self: None)
    whole = audit(zoo, "report")
    monkeypatch.setattr(Shelf, "clear", real)
    (kept,) = (zoo.folder / ".fairaudit" / "report").glob("baseline-*")
    entries = sorted(kept.iterdir())
    assert len(entries) >= 3  # predictions, a map, an effect
    for path in entries:
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    shutil.rmtree(zoo.folder / "report")
    for path in (zoo.folder / ".fairaudit" / "report").glob("[!b]*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert audit(zoo, "report") == whole


def test_twins_are_shown_to_a_baseline_once(zoo, counts):
    table = zoo.folder / "faces.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    files_of = [row["file"] for row in zoo.rows()]
    twins = [f"{row},{twin}" for row, twin in zip(rows, files_of[1:] + files_of[:1], strict=True)]
    table.write_text("\n".join([f"{header},twin", *twins]), encoding="utf-8")
    shared = audit(zoo, "shared", "--twins", "group=twin")
    seen = counts["passes", "baseline.pt"]
    counts.clear()
    audit(zoo, "one", "--twins", "group=twin", models="zoo/m0.pt")
    assert seen == counts["passes", "baseline.pt"]
    assert audit(zoo, "each", "--cache", "0", "--twins", "group=twin") == shared
