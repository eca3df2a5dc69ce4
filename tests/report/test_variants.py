"""The models of a pruning run as tables: what stands where, seeds, several biases, 80 columns, hostile names."""

import pytest

from fairaudit.report import html, markdown, terminal
from fairaudit.report.variants import variant_grids
from fairaudit.results.measurement import Measurement

MODELS = ("vanilla", "ffw gamma 10", "gamma 0", "magnitude", "random", "last layer", "fine-tuning", "scratch")
OF_BIAS = ("aligned_accuracy", "conflicting_accuracy", "model_biasedness", "bias_accuracy_linear", "bias_accuracy_mlp")


def measured(metric, value, method, **fields):
    return Measurement(audit="prune", metric=metric, value=value, low=0.25, high=0.75, method=method, **fields)


@pytest.fixture
def rows():
    found = [measured("task_accuracy", 0.5, model) for model in MODELS]
    found += [measured(name, 0.5, model, attribute="necktie") for model in MODELS for name in OF_BIAS]
    certain = {"low": None, "high": None}
    found += [measured("sparsity", 0.5, model).model_copy(update=certain) for model in MODELS[1:5]]
    for model in ("vanilla", "magnitude"):
        found += [measured(f"leg_{leg}", 0.5, model, attribute="necktie") for leg in ("accuracy", "outcome")]
        found += [
            measured("leg_lift", 3.5, f"{model}, {by}", region="necktie") for by in ("lrp", "integrated_gradients")
        ]
        found.append(measured("leg_effect", 0.125, model, region="necktie"))
    return found


@pytest.fixture
def pruned(report, rows):
    return report.model_copy(update={"measurements": [*report.measurements, *rows]})


def test_a_report_without_pruning_has_no_such_table(report):
    assert variant_grids(report) == []


def test_models_go_down_and_numbers_across(pruned):
    models, legs = variant_grids(pruned)
    assert [name for name, _ in models.rows] == list(MODELS)
    assert models.columns == ["task", "aligned", "conflict", "follows", "linear", "MLP", "sparsity"]
    assert models.rows[0][1][-1] == ""  # nothing is pruned from the model as it is
    assert models.rows[1][1][0] == "0.500 [0.250, 0.750]"
    assert models.rows[1][1][-1] == "0.500"
    assert [name for name, _ in legs.rows] == ["vanilla", "magnitude"]
    assert legs.columns == ["accuracy", "outcome", "lift lrp", "lift integrated gradients", "effect"]
    assert legs.rows[1][1][2] == "3.500 [0.250, 0.750]"


def test_several_seeds_are_mean_and_deviation(pruned, rows):
    rows[1] = rows[1].model_copy(update={"extra": {"seeds": 3, "mean": 0.625, "sd": 0.125}})
    (models, _) = variant_grids(pruned.model_copy(update={"measurements": rows}))
    assert models.rows[1][1][0] == "0.625 ± 0.125"


def test_two_biases_have_a_table_each(pruned, rows):
    more = [measured(name, 0.25, model, attribute="hat") for model in MODELS for name in OF_BIAS]
    found = variant_grids(pruned.model_copy(update={"measurements": [*rows, *more]}))
    assert [grid.title.split(";")[0] for grid in found[:2]] == [
        "Models of this run and necktie",
        "Models of this run and hat",
    ]


def test_it_fits_80_columns_with_every_number_whole(pruned):
    text = terminal.render(pruned, width=80)
    assert max(map(len, text.splitlines())) <= 80
    block = text[text.index("Models of this run") :]
    assert block.count(".25–.75") == 5 * len(MODELS) + 2 * 5
    assert all(model in block for model in MODELS)


def test_it_is_in_every_rendering(pruned, tmp_path):
    for text in (markdown.render(pruned), html.render(pruned, tmp_path)):
        assert "Models of this run and necktie" in text
        assert "Numbers of the audits" in text


def test_a_hostile_bias_name_stays_text(report, rows, tmp_path):
    nasty = [row.model_copy(update={"attribute": "<script>\x1b[31m|x"}) for row in rows if row.attribute]
    found = report.model_copy(update={"measurements": [*rows[: len(MODELS)], *nasty]})
    page = html.render(found, tmp_path)
    assert page.count("<script>") == 1  # the page's own, whose digest its policy allows
    assert "&lt;script&gt;" in page
    assert "\x1b" not in terminal.render(found, width=80)
