"""The page in a real browser: what a reader can do with it, on a screen, a phone, in the dark and on paper."""

import base64
import importlib.util
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from fairaudit.report import html
from fairaudit.results.report import Figure

if importlib.util.find_spec("selenium") is None:
    pytest.skip("selenium is not installed (extra: browser)", allow_module_level=True)
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if CHROMIUM is None or DRIVER is None:
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
ROWS = "[...document.querySelectorAll('#all-numbers tbody tr')].filter(row => !row.hidden)"
SHOWN = f"return {ROWS}.map(row => row.cells[{{}}].textContent)"
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "for (const each of document.querySelectorAll('details')) each.open = true"


@pytest.fixture(scope="module")
def driver():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


@pytest.fixture(scope="module")
def address(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "figures").mkdir()
    for name in ("gaps.png", "worst-necktie.png"):
        (folder / "figures" / name).write_bytes(PNG)
    worst = Figure(file="figures/worst-necktie.png", caption="Wrong decisions.", photographs=True, worst=True)
    page = folder / "report.html"
    one = next(m for m in report.measurements if m.group is None and m.class_ is None)
    values = {"phi": -0.3, "mutual_information": 0.004, "impact_ratio": 0.81, "accuracy_difference": 12.0, "dp_l2": 0.2}
    more = [one.model_copy(update={"id": name, "metric": name, "value": value}) for name, value in values.items()]
    changed = {"figures": [*report.figures, worst], "measurements": [*report.measurements, *more]}
    page.write_text(html.render(report.model_copy(update=changed), folder))
    return page.as_uri()


@pytest.fixture
def page(driver, address):
    look(driver, width=1280)
    driver.get(address)
    return driver


def look(driver, *, width, scheme="light"):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})


def test_the_page_asks_for_nothing_and_complains_of_nothing(driver, address):
    driver.get("about:blank")
    driver.get_log("browser"), driver.get_log("performance")
    driver.get(address)
    assert driver.execute_script("return document.documentElement.classList.contains('scripted')")  # its script ran
    assert driver.get_log("browser") == []
    asked = [entry["message"] for entry in driver.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert not [message for message in asked if '"url":"http' in message]
    loaded = driver.execute_script("return [...document.images].every(i => i.complete && i.naturalWidth)")
    assert loaded


def test_the_numbers_can_be_filtered(page):
    page.get(f"{page.current_url}#numbers")
    everything = page.execute_script(SHOWN.format(0))
    field = page.find_element("css selector", "input[data-filter]")
    field.send_keys("IMPACT")
    kept = page.execute_script(SHOWN.format(0))
    assert 0 < len(kept) < len(everything)
    assert all("impact" in text for text in kept)


def test_the_numbers_can_be_sorted_both_ways(page):
    page.get(f"{page.current_url}#numbers")
    button = page.find_elements("css selector", "#all-numbers th button")[1]
    numbers = []
    for way in ("ascending", "descending"):
        button.click()
        assert page.find_element("css selector", "#all-numbers th[aria-sort]").get_attribute("aria-sort") == way
        texts = page.execute_script(SHOWN.format(1))
        known = [text.strip() for text in texts if text.strip()[0] in "-0123456789"]
        numbers.append([float(re.match(r"-?[\d.]+", text).group()) for text in known])
    assert len(numbers[0]) >= 3
    assert numbers[0] == sorted(numbers[0])
    assert numbers[1] == sorted(numbers[1], reverse=True)


def test_a_link_of_the_contents_opens_what_it_leads_to(page):
    assert page.execute_script("return document.querySelector('#figures details').open") is False
    page.find_element("css selector", "nav a[href='#figures']").click()
    assert page.execute_script("return document.querySelector('#figures details').open") is True


def test_all_can_be_reached_and_worked_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    is_open = "return document.activeElement.parentElement.open"
    reached, folds = Counter(), page.execute_script("return document.querySelectorAll('summary').length")
    for _ in range(400):
        page.switch_to.active_element.send_keys(Keys.TAB)
        active = page.switch_to.active_element
        reached[active.tag_name] += 1
        if active.tag_name == "body":  # round once
            break
        if active.tag_name == "summary":
            before = page.execute_script(is_open)
            active.send_keys(Keys.ENTER)
            assert page.execute_script(is_open) is not before
            active.send_keys(Keys.SPACE)
            assert page.execute_script(is_open) is before
            if not before:
                active.send_keys(Keys.ENTER)  # what is inside is reached next
        elif active.tag_name == "button":
            active.send_keys(Keys.ENTER)
            assert page.execute_script("return document.activeElement.parentElement.ariaSort") == "ascending"
            active.send_keys(Keys.SPACE)
            assert page.execute_script("return document.activeElement.parentElement.ariaSort") == "descending"
        elif active.tag_name == "input":
            everything = len(page.execute_script(SHOWN.format(0)))
            active.send_keys("impact")
            assert 0 < len(page.execute_script(SHOWN.format(0))) < everything
            active.send_keys(Keys.BACKSPACE * 6)
            assert len(page.execute_script(SHOWN.format(0))) == everything
    assert reached["summary"] == folds
    assert page.execute_script("return [...document.querySelectorAll('details')].every(each => each.open)")
    assert reached["button"] == page.execute_script("return document.querySelectorAll('#all-numbers th').length")
    assert reached["input"] == 1
    assert reached["a"] == page.execute_script("return document.querySelectorAll('a').length")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_makes_the_page_wider_than_the_screen(page, width):
    look(page, width=width)
    page.execute_script(OPEN)
    assert page.execute_script(WIDE) == 0
    assert page.execute_script("return document.documentElement.scrollHeight") < 60_000


def test_the_dark_page_is_dark(page):
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = page.execute_script(colour)
    look(page, width=1280, scheme="dark")
    assert light == "rgb(255, 255, 255)"
    assert sum(map(int, page.execute_script(colour)[4:-1].split(","))) < 120


def test_the_printed_page_is_short_and_light(page):
    look(page, width=1280, scheme="dark")
    paper = {"printBackground": False, "paperWidth": 8.27, "paperHeight": 11.69}
    pdf = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    assert pdf.startswith(b"%PDF")
    assert 1 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 8
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    assert page.execute_script("return getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    drawn = "return getComputedStyle(document.querySelector('.bar i')).printColorAdjust"
    assert page.execute_script(drawn) == "exact"  # else the bars lose estimate and interval


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page, scheme):
    found = importlib.util.find_spec("axe_core_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("axe-core-python is not installed (extra: browser)")
    look(page, width=1280, scheme=scheme)
    page.execute_script(OPEN)
    page.execute_script((Path(found.submodule_search_locations[0]) / "axe.min.js").read_text())
    result = page.execute_async_script("const done = arguments[0]; axe.run().then(done)")
    problems = [(each["id"], [node["html"][:120] for node in each["nodes"]][:3]) for each in result["violations"]]
    assert problems == []
    assert len(result["passes"]) > 15


def test_of_many_attributes_the_worst_is_shown_and_the_others_are_folded(driver, report, tmp_path):
    """Five attributes with as many groups: the page is hardly longer than that of one."""
    heights = []
    for count in (1, 5):
        names = [f"attribute {number}" for number in range(count)]
        rows = [m for m in report.measurements if m.attribute == "necktie" and m.audit == "fairness"]
        rows = [m.model_copy(update={"id": f"{name} {m.id}", "attribute": name}) for name in names for m in rows]
        values = report.data.attributes["necktie"]
        data = report.data.model_copy(update={"attributes": dict.fromkeys(names, values), "cells": {}, "unknown": {}})
        verdicts = [v.model_copy(update={"attribute": name}) for name in names for v in report.verdicts[:1]]
        changed = {"measurements": rows, "data": data, "verdicts": verdicts, "figures": []}
        path = tmp_path / f"{count}.html"
        path.write_text(html.render(report.model_copy(update=changed), tmp_path), encoding="utf-8")
        look(driver, width=1280)
        driver.get(path.as_uri())
        heights.append(driver.execute_script("return document.documentElement.scrollHeight"))
        assert len(driver.find_elements("css selector", "#groups table")) == count
        shown = [each for each in driver.find_elements("css selector", "#groups table") if each.is_displayed()]
        assert len(shown) == 1
    assert heights[1] < heights[0] + 4 * 2 * 60
