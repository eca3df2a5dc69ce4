import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fairaudit.report.escape import cell, clip, inert, markdown, plain

text = st.text(max_size=60) | st.text(alphabet="<>&|`*_[]()#@!~$\\-+=1. :/wx\n\x1b\u202e", max_size=30)
RENDERER = MarkdownIt("gfm-like", {"linkify": False})


@given(text)
def test_plain_text_is_one_line_without_controls(value):
    shown = plain(value)
    assert not [
        c for c in shown if unicodedata.category(c) in ("Cc", "Cs") or c in "\u202a\u202b\u202d\u202e\u2066\u2028"
    ]
    assert plain(shown) == shown


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])))
def test_harmless_text_stays_as_it_is(value):
    assert plain(value) == value


@given(text)
def test_markdown_shows_exactly_the_text(value):
    """A CommonMark reader with tables and strikethrough is the oracle: one cell, no tag, the same characters."""
    page = RENDERER.render(f"| head |\n| --- |\n| {markdown(value)} |\n")
    inside = re.search(r"<tbody>\s*<tr>\s*<td>(.*?)</td>\s*</tr>\s*</tbody>", page, re.S)
    if not plain(value).strip():
        return
    assert inside, page
    assert "<" not in inside.group(1)
    assert html.unescape(inside.group(1)) == plain(value).strip()


@given(text)
def test_markdown_is_a_paragraph_of_its_own(value):
    if plain(value).strip(" \u00a0\u3000") == plain(value).strip() != "":
        page = RENDERER.render(markdown(value).strip())
        assert re.fullmatch(r"<p>[^<]*</p>\n", page), page


@pytest.mark.parametrize("value", ["http://x.example", "www.x.example", "@someone", "#12", "GH-1 owner/repo#3"])
def test_nothing_becomes_a_link_a_mention_or_a_reference(value):
    assert not re.search(r"://|www\.|@|(?<!&)#", markdown(value))


@pytest.mark.parametrize("value", ["equalized_odds_difference", "img_00017.png", "a & b", "1.5 of 2", "-0.04"])
def test_ordinary_names_stay_readable(value):
    assert markdown(value) == value.replace("&", "&amp;")


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_reads_no_formula(value):
    assert cell(value) == f"'{value}"


@given(text, st.integers(1, 40))
def test_clipped_text_is_short_and_says_so(value, length):
    short = clip(value, length)
    assert len(short) <= length
    assert short == value or short.endswith("…")


@pytest.mark.parametrize(
    "text", ["::error::x", "  ::add-mask::x", "a\n\t::set-output name=a::b", "a ##[error]b", "##vso[x]y"]
)
def test_output_holds_no_command_of_a_ci_system(text):
    for line in inert(text).split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line


@given(st.text(alphabet=st.characters(blacklist_characters=":#")))
def test_output_without_commands_stays_as_it_is(text):
    assert inert(text) == text
