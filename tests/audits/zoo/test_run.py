"""Names, pages and steps of a run over many models."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from fairaudit.audits.zoo.run import Numbered, page_of, title_of
from fairaudit.config.schema import Config


@pytest.mark.parametrize(
    ("manifest", "title"), [("data/faces.csv", "faces.csv"), ({"layout": "celeba", "root": "/d/celeba"}, "celeba")]
)
def test_the_title_is_the_datas(manifest, title):
    assert title_of(Config.model_validate({"data": {"manifest": manifest}})) == title


def test_the_page_that_a_reader_opens():
    assert page_of(SimpleNamespace(formats=("html", "csv"))) == "report.html"
    assert page_of(SimpleNamespace(formats=("csv",))) == "report.json"


def test_steps_say_which_model_they_are_about():
    told = []
    inner = SimpleNamespace(task=lambda title, total: told.append((title, total)) or nullcontext(), note=told.append)
    numbered = Numbered(inner, total=3)
    with numbered.task("Mapping", total=9):
        numbered.note("slow")
    numbered.next()
    numbered.note("again")
    assert told == [("Model 1 of 3: Mapping", 9), "Model 1 of 3: slow", "Model 2 of 3: again"]
