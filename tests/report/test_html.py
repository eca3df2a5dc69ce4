import base64
import hashlib
import os
import re
from html.parser import HTMLParser

import pytest

from fairaudit.report import html
from fairaudit.results.report import Figure

VOID = {"meta", "img", "br", "wbr", "input"}
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


class Page(HTMLParser):
    """Checks that every tag is closed, and collects tags, attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "gaps.png").write_bytes(PNG)
    return tmp_path


def test_the_page_is_whole_and_needs_nothing_else(report, folder):
    text = html.render(report, folder)
    page = Page(text)
    assert page.open == []
    assert page.tags.count("script") == 1
    assert "link" not in page.tags
    assert not re.search(r"https?://", text)
    sources = [value for name, value in page.attributes if name in ("src", "href") and not value.startswith("#")]
    assert len(sources) == 1
    assert base64.b64decode(sources[0].removeprefix("data:image/png;base64,")) == PNG


def test_the_policy_allows_the_page_s_own_script_and_no_other(report, folder):
    text = html.render(report, folder)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    (code,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy.replace("&#39;", "'").replace("&#43;", "+")
    assert "default-src 'none'" in policy


def test_the_first_page_comes_first_and_contents_lead_to_sections(report, folder):
    text = html.render(report, folder)
    assert text.index("Do not release") < text.index("Who is worse off") < text.index('id="gate"')
    targets = re.findall(r'<a href="#([^"]+)"', text)
    assert len(targets) >= 6
    assert all(f'id="{target}"' in text for target in targets)


def test_names_of_metrics_are_explained(report, folder):
    text = html.render(report, folder)
    assert re.search(r'<abbr title="[^"]{20,}">tpr</abbr>', text)


def test_the_page_says_what_the_report_says(report, folder):
    words = " ".join(" ".join(Page(html.render(report, folder)).text).split())
    for result in report.gate.rules:
        assert result.why in words
    for verdict in report.verdicts:
        assert verdict.why in words
    assert "0.214" in words
    assert "[0.136, 0.296]" in words
    assert "suppressed" in words
    assert all(row.reason in words for row in report.excluded)


def test_text_from_data_makes_no_markup(report, poisoned, folder):
    clean, page = Page(html.render(report, folder)), Page(html.render(poisoned, folder))
    assert page.open == []
    assert set(page.tags) <= set(clean.tags)
    assert {name for name, _ in page.attributes} <= {name for name, _ in clean.attributes}
    assert not [c for c in html.render(poisoned, folder) if c in "\x00\x07\x1b\u202e"]


def test_the_same_report_gives_the_same_page(report, folder):
    assert html.render(report, folder) == html.render(report, folder)


def test_a_missing_figure_is_named(report, tmp_path):
    assert "The file figures/gaps.png is not beside the report" in html.render(report, tmp_path)


@pytest.mark.parametrize("name", ["../secret.png", "figures/../../secret.png", "/{folder}/secret.png", "secret.txt"])
def test_no_other_file_gets_into_the_page(report, folder, name):
    (folder / "secret.txt").write_bytes(PNG)
    (folder / "secret.png").write_bytes(PNG)
    inner = folder / "inner"
    inner.mkdir()
    figure = report.figures[0].model_copy(update={"file": name.replace("/{folder}", str(folder))})
    text = html.render(report.model_copy(update={"figures": [figure]}), inner if ".." in name else folder)
    assert "data:image" not in text.split("<body>")[1]


def test_a_report_of_a_table_without_models(report, folder):
    bare = report.model_copy(update={"models": [], "verdicts": [], "figures": [], "notes": [], "excluded": []})
    assert "<h1>faces.csv</h1>" in html.render(bare, folder)


def test_text_that_begins_like_a_picture_is_cleaned_like_any_other(report, tmp_path):
    text = html.render(report.model_copy(update={"notes": ["data:image/\x1b[31m\u202e" + "x" * 5000]}), tmp_path)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "x" * 3000 not in text


def test_no_link_pulls_a_file_of_the_machine_into_the_page(report, tmp_path):
    folder = tmp_path / "report"
    (folder / "figures").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "figures" / "gaps.png").symlink_to(tmp_path / "secret.png")
    assert "data:image/png" not in html.render(report, folder)
    (folder / "figures" / "gaps.png").unlink()
    (folder / "figures").rmdir()
    (folder / "figures").symlink_to(tmp_path)
    (tmp_path / "gaps.png").write_bytes(PNG)
    assert "data:image/png" not in html.render(report, folder)
    (folder / "figures").unlink()
    (folder / "figures").mkdir()
    (folder / "real.png").write_bytes(PNG)
    (folder / "figures" / "gaps.png").symlink_to(folder / "real.png")  # within the report: fine
    assert "data:image/png" in html.render(report, folder)


def test_pipes_circles_and_names_that_are_none_are_named_and_not_read(report, tmp_path):
    (tmp_path / "figures").mkdir()
    os.mkfifo(tmp_path / "figures" / "pipe.png")
    (tmp_path / "figures" / "circle.png").symlink_to("circle.png")
    figures = [Figure(file=f"figures/{name}.png", caption="c") for name in ("pipe", "circle", "a\0b", "n" * 5000)]
    text = html.render(report.model_copy(update={"figures": figures}), tmp_path)
    assert "data:image/png" not in text
    assert text.count("is not beside the report") == 4


def test_the_page_stays_below_three_megabytes(report, folder):
    sizes = {"large": 1_500_000, "larger": 1_400_000, "small": 300_000, "endless": 90_000_000}
    for name, size in sizes.items():
        (folder / "figures" / f"{name}.png").write_bytes(bytes(size))
    figures = [Figure(file=f"figures/{name}.png", caption=f"{name}.", worst=name == "larger") for name in sizes]
    text = html.render(report.model_copy(update={"figures": figures}), folder)
    assert len(text.encode()) < 3_000_000
    shown = re.findall(r'<img src="data:[^"]*" alt="(\w+)\."', text)
    assert shown == ["larger", "small"]  # the worst images come first
    assert text.count("is left out, so that this page stays small") == 2


def test_worst_images_stand_on_the_first_page_and_the_other_figures_are_folded(report, folder):
    (folder / "figures" / "worst.png").write_bytes(PNG)
    worst = Figure(file="figures/worst.png", caption="Wrong ones.", photographs=True, worst=True)
    text = html.render(report.model_copy(update={"figures": [*report.figures, worst]}), folder)
    body = text.split("<body>")[1]
    assert (
        body.index('id="evidence"')
        < body.index("Wrong ones.")
        < body.index('id="verdicts"')
        < body.index('id="figures"')
    )
    assert re.search(r'<section id="figures">\s*<details>', body)
    assert 'href="#worst"' in text
    assert 'id="worst"' not in html.render(report, folder)


def test_the_evidence_has_its_intervals_drawn_and_its_names_explained(report, folder):
    body = html.render(report, folder).split('<section id="evidence">')[1].split("</section>")[0]
    assert body.count('class="bar"') >= 1
    assert body.count("<abbr title=") == body.count("<tr><td>")


def test_of_the_worst_images_those_of_the_worst_verdict_are_shown_and_the_others_folded(report, folder):
    """One figure of each kind: wrong decisions of its attribute, maps of its region."""
    names = ["worst-hat.png", "worst-necktie.png", "reliance-hat-lrp.png", "reliance-necktie-lrp.png"]
    figures = [Figure(file=f"figures/{name}", caption=name, worst=True) for name in names]
    verdict = report.verdicts[0].model_copy(update={"attribute": "necktie", "region": "necktie"})
    changed = report.model_copy(update={"figures": figures, "verdicts": [verdict]})
    text = html.render(changed, folder)
    section = text[text.index('<section id="worst">') : text.index('<section id="verdicts">')]
    shown, folded = section.split("<details>")
    assert [name for name in names if name in shown] == ["worst-necktie.png", "reliance-necktie-lrp.png"]
    assert [name for name in names if name in folded] == ["worst-hat.png", "reliance-hat-lrp.png"]
    alone = html.render(report.model_copy(update={"figures": figures[:1], "verdicts": []}), folder)
    assert "Those of other attributes" not in alone
