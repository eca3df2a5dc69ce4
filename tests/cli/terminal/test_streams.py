"""stdout is data, stderr is for people, the exit code depends on neither, and text from data steers nothing."""

import html
import io
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from fairaudit.cli.terminal.streams import emit, escaped, is_terminal, tell

CSV = ("--predictions", "faces.csv", "--truth", "label", "--prediction", "label", "--attribute", "group")
ESCAPE = "\x1b"
NASTY = {
    "terminal": "a\x1b[31mred\x1b]0;title\x07",
    "rich": "[bold red]b[/bold red]",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "![x](https://example.org/x.png) | [a](b) `c` **d** # e",
    "entity": "&lt;b&gt; &#27;",
    "bidi": "abc\u202egnp.exe",
    "formula": "=cmd|' /C calc'!A0",
    "jinja": "{{ 7 * 7 }}{% raw %}",
    "xml": "]]><x/>",
    "half": "half \ud800 character",
}


def gates(state):
    limit = {"fail": {"min": 2.0}, "pass": {"max": 1.0}}[state]
    return [{"metric": "demographic_parity_difference", "attribute": "group", "on": "value", **limit}]


@pytest.mark.parametrize(("state", "code"), [("pass", 0), ("fail", 3)])
def test_the_exit_code_does_not_depend_on_how_it_is_shown(lab, state, code):
    lab.configure(gates=gates(state))
    for extra in ([], ["--json"], ["-o", "elsewhere"], ["--format", "md,html,junit,csv"]):
        for quiet in (True, False):
            assert lab.run("fairness", *CSV, *extra, quiet=quiet).code == code


def test_json_is_the_report_and_nothing_else(lab):
    done = lab.run("roi-metrics", "model.pt", "--json", "-o", "out", quiet=False)
    assert done.out == (lab.folder / "out" / "report.json").read_text(encoding="utf-8")
    assert done.report()["schema_version"]
    assert "Report: out/report.html" in done.err


def test_json_of_several_models_is_a_list(lab):
    (lab.folder / "other.pt").write_bytes((lab.folder / "model.pt").read_bytes())
    done = lab.run("roi-metrics", "model.pt", "other.pt", "--json", "-o", "out", quiet=False)
    assert [report["models"][0]["file"] for report in done.report()] == ["model.pt", "other.pt"]


def test_a_model_that_cannot_be_audited_is_a_row_of_the_zoo(lab):
    (lab.folder / "broken.pt").write_bytes(b"nothing")
    done = lab.run("roi-metrics", "model.pt", "broken.pt", "--json", "-o", "out")
    assert done.code == 2
    assert [report["models"][0]["file"] for report in done.report()] == ["model.pt"]
    summary = json.loads((lab.folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [(row["model"], row["gate"]) for row in summary["models"]] == [("broken", "not audited"), ("model", "none")]


def test_quiet_says_nothing_on_stderr(lab):
    done = lab.run("roi-metrics", "model.pt")
    assert (done.code, done.err) == (0, "")
    assert "rrf_lift" in done.out


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"NO_COLOR": "1"}, marks=pytest.mark.slow),
        {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
    ],
)
def test_piped_output_has_no_escape_sequence(lab, environment):
    """FORCE_COLOR is for other programs' habit; a log of ours stays readable."""
    start = lab.start_anew if "FORCE_COLOR" in environment else lab.start
    process = start("roi-metrics", "model.pt", env=environment)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "rrf" in out
    assert "Auditing model.pt: 24 of 24 (100 %)" in err
    assert ESCAPE not in out + err


def test_a_pipe_that_closes_early_is_no_crash(lab):
    process = lab.start_anew("schema")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=120)
    assert "Traceback" not in err


@pytest.fixture
def nasty(lab):
    """Hostile texts as names of groups, of ids and of pictures, in a table of JSON lines."""
    rows = lab.rows()
    texts = list(NASTY.values())
    names = []
    for number, row in enumerate(rows):
        row["group"] = texts[number // 2 % len(texts)]
        row["id"] = f"{texts[number % len(texts)]} {number}"
    for number, text in enumerate(texts):
        name = "faces/" + text.replace("/", "_").replace("\x07", "").replace("\ud800", "") + ".png"
        (lab.folder / name).write_bytes(b"no picture")
        rows[number]["file"] = name
        names.append(name)
    lines = [json.dumps(row) for row in rows]
    (lab.folder / "faces.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lab.configure(
        data={"manifest": "faces.jsonl"},
        gates=[{"metric": "demographic_parity_difference", "attribute": "group", "max": 0.1}],
    )
    (lab.folder / "model.pt").rename(lab.folder / "<b>[red]|x`.pt")
    return lab


def test_text_from_data_steers_no_rendering(nasty):
    done = nasty.run("fairness", "<b>[red]|x`.pt", "--format", "md,html,junit,csv", "-o", "out", quiet=False)
    assert done.code == 5
    for text in (done.out, done.err):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    groups = json.loads((nasty.folder / "out" / "report.json").read_text(encoding="utf-8"))["data"]["attributes"][
        "group"
    ]
    assert set(NASTY.values()) >= set(groups) >= {NASTY["rich"], NASTY["html"], NASTY["bidi"]}
    assert "[red]" in done.out
    files = {path.suffix: path.read_text(encoding="utf-8") for path in (nasty.folder / "out").glob("report.*")}
    assert files.keys() == {".json", ".md", ".html", ".xml", ".csv"}
    for suffix in (".md", ".html", ".xml", ".csv"):
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202e]", files[suffix]), suffix
    check_markdown(files[".md"])
    check_html(files[".html"])
    ElementTree.fromstring(files[".xml"])  # noqa: S314 (our own file)
    assert not re.search(r"(^|,)\"?[=@]", files[".csv"], re.M)


def check_markdown(text):
    from markdown_it import MarkdownIt

    page = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert "<script" not in page
    assert "example.org" not in "".join(re.findall(r"<[^>]*>", page))
    assert "<b>" not in page
    assert NASTY["rich"] in html.unescape(re.sub(r"<[^>]*>", "", page))


def check_html(page):
    assert "<script>alert" not in page
    assert not re.search(r"<img[^>]*onerror", page)
    assert "<b>[red]" not in page
    assert "{{ 7 * 7 }}" in html.unescape(page)


def test_hostile_names_in_an_error(nasty):
    nasty.run("fairness", "<b>[red]|x`.pt", "--attribute", "[bold]\x1b[31mgroup").refused(
        'called "[bold]\\x1b[31mgroup"'
    )


def test_typer_errors_keep_stdout_clean(lab):
    for arguments in (["fairness", "--nonsense"], ["nonsense"], ["fairness", "model.pt", "--limit", "0"]):
        done = lab.run(*arguments, quiet=False)
        assert (done.code, done.out) == (2, "")
        assert "Traceback" not in done.err


def test_nothing_to_audit(lab):
    lab.run("fairness").refused("nothing to audit", "--predictions TABLE")
    lab.run("roi-metrics").refused("nothing to audit", "--maps FILE")


class Broken(io.TextIOWrapper):
    """A stream that fails in a certain way."""

    def __init__(self, error):
        super().__init__(io.BytesIO(), encoding="utf-8")
        self.error = error

    def write(self, text):
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokenPipeError(), None),
        (OSError(28, "No space left on device"), "No space left"),
        (ValueError("closed"), "closed"),
    ],
)
def test_what_cannot_be_written_to_stdout_is_said_once_on_stderr(monkeypatch, capsys, error, told):
    monkeypatch.setattr(sys, "stdout", Broken(error))
    emit("data")
    err = capsys.readouterr().err
    assert (told in err and "files in the output folder are whole" in err) if told else err == ""


def test_closed_streams_are_no_crash(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    emit("data")
    tell("line")
    assert not is_terminal(sys.stdout)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_escapes_keep_json_what_it_is(encoding):
    text = json.dumps({"a": "é≤😀\ud800", "ü": 1}, ensure_ascii=False)
    shown = escaped(text, encoding)
    assert json.loads(shown.encode(encoding).decode(encoding)) == json.loads(text)
