"""The page over several models: self-contained, worst first, and sorted in a browser."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import pytest

from fairaudit.report.zoo.index import render, script, script_hash
from fairaudit.report.zoo.row import broken_row, row_of


@pytest.fixture
def rows(report):
    row = row_of(report, name="m", folder="m")
    accuracies = {"m2": 0.5, "m10": 0.75, "m1": 0.25}
    named = [replace(row, model=name, report=f"{name}/report.json", accuracy=a) for name, a in accuracies.items()]
    return [*named, broken_row("<b>bad</b>", "no model")]


def test_the_page_needs_nothing_else_and_allows_one_script(rows):
    text = render(rows, title="faces <i>")
    assert f"script-src '{script_hash()}'" in text
    assert text.count("<script>") == 1
    assert f"<script>{script()}</script>" in text
    assert "<b>bad" not in text
    assert "faces &lt;i&gt;" in text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
    assert re.findall(r'href="([^"]+)"', text) == ["m1/report.html", "m2/report.html", "m10/report.html"]


def test_the_order_of_the_models_does_not_matter(rows):
    assert render(rows, title="t") == render(rows[::-1], title="t")


def test_a_click_sorts_and_a_word_filters(rows, tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("Chromium and its driver are not installed")
    (tmp_path / "index.html").write_text(render(rows, title="t"), encoding="utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get((tmp_path / "index.html").as_uri())
        names = "return [...document.querySelectorAll('#models tbody tr:not([hidden]) th')].map(c => c.textContent)"
        click = "document.querySelectorAll('#models thead button')[arguments[0]].click()"
        assert browser.execute_script(names) == ["<b>bad</b>", "m1", "m2", "m10"] or rows[0].gate != "pass"
        browser.execute_script(click, 3)
        assert browser.execute_script(names) == ["m1", "m2", "m10", "<b>bad</b>"]
        browser.execute_script(click, 3)
        assert browser.execute_script(names) == ["m10", "m2", "m1", "<b>bad</b>"]
        browser.execute_script(click, 0)
        assert [name for name in browser.execute_script(names) if name[0] == "m"] == ["m1", "m2", "m10"]
        browser.find_element("id", "filter").send_keys("M10")
        assert browser.execute_script(names) == ["m10"]
        assert browser.get_log("browser") == []
    finally:
        browser.quit()
