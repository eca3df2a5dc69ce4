"""A command line that cannot be parsed is one paragraph with the nearest thing that could."""

import pytest

from tests.cli.conftest import Lab


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("prune", "m", "--mode", "structred"), ("--mode", "Where: fairaudit prune", 'Did you mean "structured"?')),
        (("prune", "m", "--mode", "both"), ("'structured'", '"fairaudit prune -h" says what it takes')),
        (("audit", "--regoin", "a"), ("No such option: --regoin",)),
        (("audit", "m", "--modle", "a"), ("No such option: --modle",)),
        (("generator", "train", "--kindd", "x"), ("fairaudit generator train", 'Did you mean "--kind"?')),
        (("prun",), ("prun", "Did you mean 'prune'?")),
        (("prune",), ("MODEL", "fairaudit prune")),
        (("audit", "m", "--seed", "x"), ("--seed", "integer")),
    ],
)
def test_it_is_one_paragraph(tmp_path, arguments, words):
    Lab(folder=tmp_path).run(*arguments, quiet=False).refused(*words)


def test_a_command_of_commands_alone_shows_its_help(tmp_path):
    done = Lab(folder=tmp_path).run("generator", quiet=False)
    assert "Usage: fairaudit generator" in done.out + done.err
    assert "Error" not in done.err
