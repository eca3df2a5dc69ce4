"""Every command: its help at 80 columns, its example, its choices, and no option that it does not honour."""

import inspect
import re
import subprocess
import sys
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from fairaudit.audits.alignment.options import Animation, Maker
from fairaudit.audits.regions.map_shards import MapFormat
from fairaudit.audits.selftest.options import KINDS
from fairaudit.cli import cf_align, prune
from fairaudit.cli import options as o
from fairaudit.cli.main import app
from fairaudit.cli.options.data import DATA
from fairaudit.cli.options.relevance import methods
from fairaudit.cli.settings import format_names, listed
from fairaudit.cli.shared import audit_command
from fairaudit.config.options import FailOn, Precision
from fairaudit.config.schema import AuditConfig, ModelConfig
from fairaudit.counterfactuals.ladder import Direction
from fairaudit.errors import UsageError
from fairaudit.measures.alignment.alignment import Correction
from fairaudit.pruning.gated import Mode
from fairaudit.saliency.registry import METHODS
from tests.cli.reach import COMMANDS

REPORTED = {"--json", "--dry-run", "--format", "--fail-on", "--max-excluded"}
"""What only a command with a report can honour."""
WITHOUT_REPORT = ("generator train", "generator info", "generator interpolate")


RUNNER = CliRunner()


def shown(name, *flags):
    found = RUNNER.invoke(app, [*name.split(), *flags], env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"})
    assert found.exit_code == 0, found.output
    return found.output


def plain(text):
    """Words alone: a panel cuts a text into lines and columns."""
    return re.sub(r"[\s│╭╮╰╯─]+", "", text)


def flags(command):
    return {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}


def parameters(name):
    return {parameter.name for parameter in COMMANDS[name].params}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_80_columns_and_loses_no_word(name):
    text = shown(name, "-h")
    assert text == shown(name, "--help")
    assert max(map(len, text.splitlines())) <= 80
    for parameter in COMMANDS[name].params:
        for word in (getattr(parameter, "help", None) or "").split():
            assert plain(word) in plain(text), f"{parameter.name}: {word!r} is not shown"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_of_its_own(name):
    assert f"Example: fairaudit {name}" in " ".join((COMMANDS[name].help or "").split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_described_in_a_sentence(name):
    for parameter in COMMANDS[name].params:
        told = (getattr(parameter, "help", "") or "").strip()
        assert told.endswith((".", "?")), f"{parameter.name}: {told!r}"


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_several_values_say_so(name):
    for parameter in COMMANDS[name].params:
        if parameter.multiple:
            assert "repeat" in parameter.help.lower(), parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_has_its_own_name_in_capitals_as_placeholder_unless_it_is_named(name):
    """Typer 0.27 takes such a placeholder for the option's name: `--DEVICE`."""
    for parameter in inspect.signature(COMMANDS[name].callback, eval_str=True).parameters.values():
        for option in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(option, typer.models.OptionInfo) and option.metavar == parameter.name.upper():
                assert option.default is not ..., f"--{parameter.name} is not named"  # where Annotated keeps the first


@pytest.mark.parametrize("name", WITHOUT_REPORT)
def test_a_command_without_a_report_takes_no_option_about_one(name):
    assert not flags(COMMANDS[name]) & REPORTED
    assert "no-images" not in " ".join(flags(COMMANDS[name]))


def test_train_does_not_silently_ignore_a_dry_run():
    found = RUNNER.invoke(app, ["generator", "train", "--dry-run", "--json"])
    assert found.exit_code == 2
    assert "--dry-run" in found.output


# `compare` reads reports: nothing is planned, and no row is left out.
@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if "--fail-on" in flags(COMMANDS[name]) and name != "compare"]
)
def test_a_command_with_a_report_takes_all_options_about_one(name):
    assert flags(COMMANDS[name]) >= REPORTED


def choices(annotated):
    """The words of an option's Literal, whether or not it may be left out."""
    kind = get_args(annotated)[0]
    options = [get_args(part) for part in get_args(kind)] if type(None) in get_args(kind) else [get_args(kind)]
    return {word for words in options for word in words}


def test_choices_are_those_of_the_code():
    schema = {name: get_args(AuditConfig.model_fields[name].annotation) for name in ("convention",)}
    assert choices(o.Convention) == set(schema["convention"])
    assert choices(o.OutputKind) == set(get_args(ModelConfig.model_fields["output"].annotation))
    assert choices(o.MapsFormat) == set(get_args(MapFormat))
    assert choices(o.FailOnOption) == set(get_args(FailOn))
    assert choices(o.PrecisionOption) == set(get_args(Precision))
    assert choices(cf_align.Maker) == set(get_args(Maker))
    assert choices(cf_align.Direction) == set(get_args(Direction))
    assert choices(cf_align.CorrectionKind) == set(get_args(Correction))
    assert choices(cf_align.Animation) == set(get_args(Animation))
    assert choices(prune.ModeOption) == set(get_args(Mode))


def test_the_shell_completes_values():
    assert {name for name, _ in methods("")} == set(METHODS)
    from fairaudit.cli.selftest import kinds

    assert set(kinds("")) == set(KINDS)


def test_a_wrong_choice_is_refused_with_the_right_ones():
    found = RUNNER.invoke(app, ["audit", "m.pt", "--precision", "fp64"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert found.exit_code == 2
    assert "bf16" in found.output


def test_lists_are_repeated_or_joined():
    assert listed(["a", "b, c", ""]) == ["a", "b", "c"]
    assert format_names(None) == ("md", "html")
    assert format_names(["md", "html,md"]) == ("md", "html")
    with pytest.raises(UsageError, match='Did you mean "html"'):
        format_names(["htlm"])


def test_an_unknown_shared_option_cannot_be_left_out():
    with pytest.raises(ValueError, match="no such shared options: colour"):
        audit_command(without=("colour",))(lambda *, request: 0)


@pytest.mark.parametrize("name", [name for name in COMMANDS if "models" not in parameters(name)])
def test_a_command_of_one_model_takes_no_option_of_many(name):
    far = {"--executor", "--address", "--gpus-per-model"}
    wanted = far if name == "mitigate" else set()  # whose fits are tasks of a cluster
    assert flags(COMMANDS[name]) & {"--shard", "--jobs", "--cache", *far} == wanted


CHECKED_LATER = {"drop", "learning_rate", "level"}
"""Numbers whose bounds are told in words of their own."""


@pytest.mark.parametrize("name", COMMANDS)
def test_no_number_can_be_nan(name):
    """A limit that nothing is above or below would let everything pass."""
    options = {
        parameter: get_args(given.annotation)
        for parameter, given in inspect.signature(COMMANDS[name].callback, eval_str=True).parameters.items()
    }
    numbers = {p: parts[1] for p, parts in options.items() if parts and "float" in str(parts[0])}
    assert not [p for p, told in numbers.items() if told.min is told.max is None and p not in CHECKED_LATER]


def test_numbers_that_are_checked_later_are_no_nan_either(tmp_path):
    for command in (
        ("generator", "train", "--learning-rate", "nan"),
        ("selftest", "--learning-rate", "nan"),
        ("cf-align", "m.pt", "--generator", "g.pt", "--drop", "nan"),
        ("fairness", "m.pt", "--level", "nan"),
        ("selftest", "m.pt", "--seeds", "1000000000"),
    ):
        found = RUNNER.invoke(app, command, env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert found.exit_code == 2, (command, found.output)


def test_groups_have_names():
    assert len({o.DATA, o.MODEL, o.RELEVANCE, o.COUNTERFACTUALS, o.RUN, o.OUTPUT, o.GATE}) == 7
    assert DATA == o.DATA


def test_completion_script_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from fairaudit.cli.options.relevance import methods\n"
        "assert methods('lrp')\n"
        "assert not {'torch', 'numpy', 'pydantic'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
