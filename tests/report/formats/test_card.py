import re

import pytest
import yaml
from markdown_it import MarkdownIt

from fairaudit.report.formats.card import render, results

FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.S)


def parts(text):
    front, body = FRONT.fullmatch(text).groups()
    return yaml.safe_load(front), body


@pytest.fixture
def card():
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    return lambda text: hub.ModelCard(text, ignore_metadata_errors=False)


def test_the_hub_reads_every_result(report, card):
    found = card(render(report)).data.eval_results
    assert [(r.metric_type, r.metric_value) for r in found] == [(m.metric, m.value) for m in results(report)]
    assert {r.dataset_name for r in found} == {"faces.csv"}
    assert {r.task_type for r in found} == {"image-classification"}
    gap = next(r for r in found if r.metric_name == "equalized_odds_difference (attribute necktie)")
    stored = next(m for m in report.measurements if m.id == "fairness/equalized_odds_difference/attribute=necktie")
    assert (gap.metric_args["low"], gap.metric_args["high"]) == (stored.low, stored.high)


def test_the_hub_writes_the_same_results_again(report, card):
    text = render(report)
    first = card(text)
    assert card(str(first)).data.eval_results == first.data.eval_results


def test_numbers_that_must_not_be_relied_on_are_left_out(report):
    assert {m.status for m in report.measurements} > {"ok"}
    assert {m.status for m in results(report)} == {"ok"}


def test_people_read_groups_limits_data_and_provenance(report):
    _, body = parts(render(report))
    for heading in ("Audit data", "Groups of necktie", "Verdicts", "Limits", "Where this comes from"):
        assert f"## {heading}\n" in body
    assert "**28%" in body
    assert report.models[0].sha256 in body
    assert report.data.digest in body
    assert "say nothing about other data" in body


def test_a_table_of_predictions_has_a_card_too(report):
    front, body = parts(render(report.model_copy(update={"models": []})))
    assert front["model-index"][0]["name"] == "faces.csv"
    assert "No model was opened" in body


def test_text_from_data_stays_text(poisoned):
    front, body = parts(render(poisoned))
    assert set(front) == {"tags", "pipeline_tag", "model-index"}
    assert len(front["model-index"]) == 1
    page = MarkdownIt("gfm-like", {"linkify": False}).render(body)
    tags = set(re.findall(r"</?([a-z0-9]+)", page))
    assert tags <= {"h1", "h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "code"}, tags
