from html.parser import HTMLParser

from fairaudit.report.formats.notebook import render


def tags(text):
    found = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.add((tag, *attributes))
    parser.feed(text)
    return found


def test_the_first_page_is_there(report):
    text = render(report)
    assert "<h4>biased: Do not release</h4>" in text
    assert "<b>28% [21–35]</b> (worst)" in text
    assert "Next: " in text


def test_text_from_data_makes_no_tag(report, poisoned):
    plain_tags = {("h4",), ("p",), ("table",), ("thead",), ("tbody",), ("tr",), ("th",), ("td",), ("b",), ("div",)}
    assert tags(render(report)) <= plain_tags
    assert tags(render(poisoned)) <= plain_tags
