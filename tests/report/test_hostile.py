"""Every renderer of a report, given text that wants to be something else: markup, formulas, commands, control codes."""

import csv
import io
import json
import unicodedata
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
import yaml

from fairaudit.report import brief, html, junit, markdown, table, terminal
from fairaudit.report.comparison import between
from fairaudit.report.formats import card, comparison, cyclonedx, github, notebook, openmetrics
from fairaudit.report.zoo import index
from fairaudit.report.zoo import table as zoo_table
from fairaudit.report.zoo.row import broken_row, row_of


class Tags(HTMLParser):
    """All elements, their attributes and the text that a reader sees."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def rows_of(report):
    return [row_of(report, name="m", folder="m"), broken_row(report.data.name, report.data.name)]


def is_page(text, scripts=1):
    found = Tags()
    found.feed(text)
    assert found.tags.count("script") == scripts
    assert {"iframe", "object", "embed", "form", "link", "base"}.isdisjoint(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    addresses = [value or "" for name, value in found.attributes if name in ("href", "src")]
    assert all(value.startswith(("#", "data:image/", "m/")) for value in addresses), addresses


def is_text(text):
    """No control character but line feeds, no reordering mark, no command of a CI system at the start of a line."""
    assert all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cs") for c in text)
    assert "\u202e" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in text


def is_markdown(text):
    is_text(text)
    for sign in ("<script", "<!--", "<b>", "](http", "](javascript"):
        assert sign not in text.replace("\\<", "").replace("\\]", "").replace("\\[", "")


def is_card(text):
    """YAML of the keys that Hugging Face reads, then Markdown."""
    front, body = text.removeprefix("---\n").split("\n---\n", 1)
    assert set(yaml.safe_load(front)) <= {"tags", "pipeline_tag", "model-index", "datasets", "license", "library_name"}
    is_markdown(body)


def is_csv(text):
    is_text(text)
    lines = list(csv.reader(io.StringIO(text)))
    assert len({len(line) for line in lines}) == 1
    cells = [cell for line in lines for cell in line]
    assert not [
        cell for cell in cells if cell.startswith(("=", "@", "+")) or (cell.startswith("-") and cell[1:2].isalpha())
    ]


def is_xml(text):
    assert {element.tag for element in ET.fromstring(text).iter()} <= {  # noqa: S314 (our own)
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "properties", "property", "system-out",
    }  # fmt: skip


def is_metrics(text):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    assert list(parser.text_string_to_metric_families(text))


def is_json(text):
    assert json.loads(text)["bomFormat"] == "CycloneDX"
    assert all(unicodedata.category(c) != "Cs" for c in text)


def is_fragment(text):
    is_page(text, scripts=0)


RENDERERS = {
    "terminal": (lambda report, _: terminal.render(report, color=False), is_text),
    "brief": (lambda report, _: brief.render(report), is_text),
    "markdown": (lambda report, _: markdown.render(report), is_markdown),
    "html": (html.render, is_page),
    "notebook": (lambda report, _: notebook.render(report), is_fragment),
    "junit": (lambda report, _: junit.render(report), is_xml),
    "csv": (lambda report, _: table.render(report), is_csv),
    "github summary": (lambda report, _: github.render(report), is_markdown),
    "openmetrics": (lambda report, _: openmetrics.render(report), is_metrics),
    "card": (lambda report, _: card.render(report), is_card),
    "cyclonedx": (lambda report, _: cyclonedx.render(report), is_json),
    "comparison text": (lambda report, _: comparison.text(between(report, report)), is_text),
    "comparison markdown": (lambda report, _: comparison.markdown(between(report, report)), is_markdown),
    "comparison page": (lambda report, _: comparison.html([between(report, report)]), lambda text: is_page(text, 0)),
    "zoo text": (lambda report, _: zoo_table.terminal(rows_of(report)), is_text),
    "zoo markdown": (lambda report, _: zoo_table.as_markdown(rows_of(report)), is_markdown),
    "zoo csv": (lambda report, _: zoo_table.as_csv(rows_of(report)), is_csv),
    "zoo page": (lambda report, _: index.render(rows_of(report), title=report.data.name), is_page),
}


@pytest.mark.parametrize("name", RENDERERS)
def test_text_from_data_stays_text(poisoned, tmp_path, name):
    render, check = RENDERERS[name]
    check(render(poisoned, tmp_path))


def test_annotations_are_one_command_each(poisoned):
    """GitHub reads a command per line, ended by the line; what is in it must not begin another."""
    for line in github.commands([poisoned]).splitlines():
        assert line.startswith(("::error title=", "::warning title=", "::notice title="))
        assert line.count("::") == 2
