"""A message names options that its command has, or says of which other command they are."""

import pytest

from tests.cli.reach import COMMANDS, OPTION, Source, flags, foreign

OF_OTHER_PROGRAMS = {"--head", "--tflite"}
"""Of `ray start` and of a converter that is named."""
OWN_MODELS = {"demo"}
"""Commands whose configuration and models are fairaudit's own: advice about given ones does not come up."""
NOT_SAID = {
    # values that a command without the option leaves as they are by default, and so never complains about
    "fairaudit.audits.core.study.device:pick_device": "the device is auto",
    "fairaudit.models.open:_device": "the device is auto",
    "fairaudit.cli.settings:_batch_size": "auto",
    "fairaudit.cli.settings:_check_filled": "an option that a command lacks is not passed on",
    "fairaudit.cli.settings:_check_cluster": "the executor is local, and nothing of a cluster is passed on",
    "fairaudit.cli.settings:_shard": "none",
    "fairaudit.cli.settings:format_names": "none",
    "fairaudit.cli.settings:per_attribute_options": "no twins are passed on",
    "fairaudit.cli.settings:read_boxes": "no boxes are passed on",
    "fairaudit.cli.settings:run_options": "the defaults",
    "fairaudit.cli.settings:size_of": "no size is passed on",
    "fairaudit.cli.settings:split_of": "no split is passed on",
    "fairaudit.cli.launch.audits:launch": "only fairness passes an earlier report on",
    "fairaudit.cli.launch.prune:split_of": "the option is an argument",
    "fairaudit.cli.init:_next": "the next command's option",
    "fairaudit.cli.generator:interpolate": "help that names the other command",
    "fairaudit.audits.alignment.audit:CfAlignAudit": "pairs to find are given to cf-align alone",
    "fairaudit.audits.alignment.options:CfOptions": "its other choices are given to cf-align alone",
    "fairaudit.audits.alignment.similar_maps:_maps": "maps are given to cf-align alone",
    "fairaudit.audits.alignment.similar_maps:check_methods": "maps are given to cf-align alone",
    # branches that a command does not take
    "fairaudit.audits.alignment.probe:_probe_config": "probes are asked for by options of audit and the cf commands",
    "fairaudit.audits.alignment.probe:fit_probe": "as above",
    "fairaudit.counterfactuals.probe:train_probe": "as above",
    "fairaudit.generators.load:_from_factory": "generators are given to audit and the cf commands; train opens its own",
    "fairaudit.generators.load:_not_a_generator": "as above",
    "fairaudit.config.load:_check_arch": "commands that open no model trust what they do not run",
    "fairaudit.config.load:load_config": "compare reads a configuration only where one is named",
    "fairaudit.gate.judge:_too_many_excluded": "compare counts no rows",
    "fairaudit.engine.database:recognise": "compare goes on without a store that it cannot read",
    "fairaudit.engine.database:_told": "as above",
    "fairaudit.engine.store:RunStore": "as above",
}
"""Where the source says less than it seems: function → why a command without the option does not come to say it."""


@pytest.fixture(scope="module")
def source():
    return Source()


def test_a_message_names_options_of_its_command_or_the_command_that_has_them(source):
    reached = {name: source.reached(name) for name in COMMANDS if name not in OWN_MODELS}
    wrong = [
        f"fairaudit {name} lacks {option}, which {':'.join(said.symbol)} names: {said.text[:120]}"
        for said in source.sayings
        if ":".join(said.symbol) not in NOT_SAID
        for name, symbols in reached.items()
        if said.symbol in symbols
        for option in foreign(said.text, name)
        if option not in OF_OTHER_PROGRAMS
    ]
    assert not wrong, "\n".join(wrong)


def test_every_option_that_is_named_exists(source):
    known = set().union(*map(flags, COMMANDS)) | OF_OTHER_PROGRAMS
    wrong = [
        f"{':'.join(said.symbol)}: {option}"
        for said in source.sayings
        for option in OPTION.findall(said.text)
        if option not in known
    ]
    assert not wrong, "\n".join(wrong)


def test_the_exceptions_are_still_there(source):
    saying = {":".join(said.symbol) for said in source.sayings}
    assert not NOT_SAID.keys() - saying


def test_the_source_is_followed(source):
    """A function, a method and a re-exported name behind several calls are come to, and what others do is not."""
    reached = {":".join(symbol) for symbol in source.reached("resample")}
    assert {"fairaudit.config.load:load_config", "fairaudit.data.tables:read_table"} <= reached
    assert "fairaudit.models.open:open_model" not in reached
    assert foreign("Use --jobs and --seed, or fairaudit audit --limit.", "merge") == []
    assert foreign("Use --jobs and --seed.", "merge") == ["--jobs", "--seed"]
