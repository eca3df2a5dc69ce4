"""Every command in a README is one that the command line takes: whole in a code block, in part in a sentence."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.reach import COMMANDS

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", *sorted((ROOT / "fairaudit").rglob("README.md"))]
READMES += [ROOT / "example_configs" / "README.md", ROOT / "tests" / "benchmarks" / "README.md"]
BLOCK = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```", re.M | re.S)
INLINE = re.compile(r"`(fairaudit [a-z][^`]*)`")
WORDS = max(len(name.split()) for name in COMMANDS)


def commands():
    """(README, words of a command) of all code blocks, with lines put together that a backslash continues."""
    for readme in READMES:
        for block in BLOCK.finditer(readme.read_text(encoding="utf-8")):
            for line in block.group(2).replace("\\\n", " ").splitlines():
                text = line.strip().removeprefix("$ ").removeprefix("- ").removeprefix("run: ")
                if text.startswith("fairaudit ") and "…" not in text:
                    yield str(readme.relative_to(ROOT)), tuple(shlex.split(text, comments=True)[1:])


def mentions():
    """(README, words) of commands in sentences, which may lack what a command needs."""
    for readme in READMES:
        for text in INLINE.findall(BLOCK.sub("", readme.read_text(encoding="utf-8"))):
            words = shlex.split(" ".join(text.split()).replace("…", ""))[1:]
            yield str(readme.relative_to(ROOT)), tuple(word for word in words if word)


def parted(words):
    """A command and the words that it is given."""
    names = (" ".join(words[:count]) for count in range(WORDS, 0, -1))
    name = next(name for name in names if name in COMMANDS)
    return name, [word for word in words[len(name.split()) :] if not re.match(r"[|>&;\[]", word)]


FOUND = sorted(set(commands()))
MENTIONED = sorted(set(mentions()))


def named(part):
    return part if isinstance(part, str) else " ".join(part)


@pytest.mark.parametrize(("readme", "words"), FOUND, ids=named)
def test_the_command_line_takes_it(readme, words):
    name, rest = parted(words)
    assert COMMANDS[name].make_context(name, rest).params


@pytest.mark.parametrize(("readme", "words"), MENTIONED, ids=named)
def test_what_a_sentence_names_is_there(readme, words):
    if words[0] == "generator" and words[1:] == ():
        return
    name, rest = parted(words)
    options = {option for each in COMMANDS[name].params for option in (*each.opts, *each.secondary_opts)}
    assert {word.partition("=")[0] for word in rest if word.startswith("-")} <= {*options, "--help"}


def test_there_are_many():
    """Found are the first screen's two commands, and some of most folders."""
    assert len(FOUND) >= 15
    assert len(MENTIONED) >= 20
    assert {"init", "audit"} <= {words[0] for readme, words in FOUND if readme == "README.md"}
