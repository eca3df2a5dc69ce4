"""Two commands in a folder with a model, a table and images and nothing else."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from fairaudit.cli.main import app
from fairaudit.config.load import load_config
from tests.cli.terminal.typed import typed

RUNNER = CliRunner()
ROWS = 48


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Bright images have the label 1; the model says so; groups alternate."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    lines = ["file,bright,group,spot_x0,spot_y0,spot_x1,spot_y1"]
    for i in range(ROWS):
        pixels = draw.integers(0, 80, (16, 16, 3)) + 150 * (i % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "images" / f"{i}.png")
        lines.append(f"images/{i}.png,{i % 2},{'ab'[i // 2 % 2]},2,2,8,8")
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    net = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1))
    with torch.no_grad():
        net[2].weight.fill_(10.0)
        net[2].bias.fill_(-12.0)
    torch.jit.script(net.eval()).save(str(tmp_path / "model.pt"))
    return tmp_path


def init(*arguments):
    return RUNNER.invoke(app, ["init", *arguments])


def test_init_then_audit(folder):
    done = init("model.pt", "data.csv")
    assert done.exit_code == 0, done.output
    assert "Next: fairaudit audit model.pt" in done.stderr
    config, _ = load_config(None, folder=folder, overrides={})
    assert (config.data.target, config.data.attributes, list(config.regions)) == ("bright", ["group"], ["spot"])
    plan = RUNNER.invoke(app, ["fairness", "model.pt", "-q", "-o", "out"])
    assert plan.exit_code in (0, 3, 4), plan.output
    assert (folder / "out" / "report.json").is_file()


def test_a_folder_with_one_table_is_that_table(folder):
    assert init("model.pt", ".").exit_code == 0
    assert load_config(None, folder=folder, overrides={})[0].data.manifest == "data.csv"


def test_nothing_is_written_over(folder):
    (folder / "fairaudit.yaml").write_text("mine", encoding="utf-8")
    done = init("model.pt", "data.csv")
    assert done.exit_code == 2
    assert "--force" in done.stderr
    assert (folder / "fairaudit.yaml").read_text(encoding="utf-8") == "mine"
    assert init("model.pt", "data.csv", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.pt", "data.csv"), "none.pt"),
        (("model.pt", "none.csv"), "none.csv"),
        (("model.pt", "data.csv", "--target", "brigt"), "bright"),
        (("model.pt", "data.csv", "--attribute", "groop"), "group"),
        (("model.pt", "images"), "table"),
    ],
)
def test_errors_name_the_option_and_what_is_there(folder, arguments, words):
    done = init(*arguments)
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert not (folder / "fairaudit.yaml").exists()


def test_a_folder_of_classes_says_which_table_to_write_and_takes_it(folder):
    for i in range(ROWS):
        (folder / "data" / ["dim", "bright"][i % 2]).mkdir(parents=True, exist_ok=True)
        (folder / "images" / f"{i}.png").rename(folder / "data" / ["dim", "bright"][i % 2] / f"{i}.png")
    done = init("model.pt", "data")
    assert done.exit_code == 2, done.output
    told = " ".join(done.stderr.split())
    assert "Add a column" not in told
    assert "write a table into it, such as data/images.csv" in told
    assert "file,label,group; every other line is one image, such as bright/001.jpg,bright,dark" in told
    lines = [f"{['dim', 'bright'][i % 2]}/{i}.png,{i % 2},{'ab'[i // 2 % 2]}" for i in range(ROWS)]
    (folder / "data" / "images.csv").write_text("\n".join(["file,label,group", *lines]) + "\n", encoding="utf-8")
    assert init("model.pt", "data").exit_code == 0
    assert load_config(None, folder=folder, overrides={})[0].data.attributes == ["group"]


def test_a_size_that_is_not_usual_is_given(folder):
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 12, 1)).eval()
    torch.jit.script(net).save(str(folder / "odd.pt"))
    done = init("odd.pt", "data.csv", "--target", "bright", "--attribute", "group")
    assert done.exit_code == 2, done.output
    assert "--size HEIGHTxWIDTH" in done.stderr
    done = init("odd.pt", "data.csv", "--target", "bright", "--attribute", "group", "--size", "20x12")
    assert done.exit_code == 0, done.output
    assert tuple(load_config(None, folder=folder, overrides={})[0].preprocess.size) == (20, 12)
    for wrong in ("0x12", "20x", "9999999999"):
        done = init("odd.pt", "data.csv", "--force", "--size", wrong)
        assert done.exit_code == 2, done.output
        assert "--size cannot be read" in done.stderr


def test_rows_in_any_order_are_compared_with_their_own_answers(folder):
    """Answers used to be compared with the labels of other rows wherever the table was not in the order of its ids."""
    head, *rows = (folder / "data.csv").read_text(encoding="utf-8").splitlines()
    shuffled = np.random.default_rng(0).permutation(rows)
    (folder / "data.csv").write_text("\n".join([head, *shuffled]) + "\n", encoding="utf-8")
    done = init("model.pt", "data.csv")
    assert done.exit_code == 0, done.output
    assert "bright 1.00" in " ".join(done.stderr.split())


def test_answers_in_another_order_than_the_names_of_their_values(folder):
    """Output above 0.5 means "a bright one", which is sorted first; the audit then finds nothing misread."""
    table = (folder / "data.csv").read_text(encoding="utf-8")
    named = [line.replace(",1,", ",a bright one,", 1).replace(",0,", ",dark,", 1) for line in table.splitlines()]
    (folder / "data.csv").write_text("\n".join(named) + "\n", encoding="utf-8")
    done = init("model.pt", "data.csv", "--target", "bright")
    assert done.exit_code == 0, done.output
    assert "Order of the outputs: dark, a bright one: ASSUMED" in " ".join(done.stderr.split())
    assert load_config(None, folder=folder, overrides={})[0].model.classes == ["dark", "a bright one"]
    assert RUNNER.invoke(app, ["fairness", "model.pt", "-q", "-o", "out"]).exit_code in (0, 3, 4)
    assert "go with the labels" not in (folder / "out" / "report.json").read_text(encoding="utf-8")


class Odd(nn.Module):
    """Outputs that no size of input mends."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, images):
        means = images.mean((2, 3))[:, :2]
        return means / (means - means) if self.kind == "nan" else means - means.mean(0, keepdim=True)


@pytest.mark.parametrize(("kind", "words"), [("nan", "NaN or infinity"), ("batch", "depend on the others")])
def test_a_model_whose_outputs_are_of_no_use_is_not_told_to_be_of_another_size(folder, kind, words):
    torch.jit.script(Odd(kind).eval()).save(str(folder / "odd.pt"))
    done = init("odd.pt", "data.csv")
    assert done.exit_code == 2, done.output
    told = " ".join(done.stderr.split())
    assert words in told
    assert "--size" not in told


@pytest.mark.parametrize("name", ["model.pt", "data.csv"])
def test_neither_the_model_nor_the_data_are_written_over(folder, name):
    before = (folder / name).read_bytes()
    (folder / "link").symlink_to(name)
    for output in (name, "link"):
        done = init("model.pt", "data.csv", "-o", output, "--force")
        assert done.exit_code == 2, done.output
        assert "overwrite one of its own inputs" in done.stderr
    assert (folder / name).read_bytes() == before


def test_at_a_terminal_it_asks_and_says_what_it_found(folder):
    """Wrong answers are told and asked for again; an empty one takes what is proposed."""
    answers = ("brihgt\n", "\n", "bright\n", "group, grup\n", " group \n")
    shown, code = typed(["init", "model.pt", "data.csv"], answers, folder=folder)
    assert code == 0, shown
    question = "What does the model predict? [bright]: "
    groups = "Compare groups by (commas between) [group]: "
    lines = shown.splitlines()
    assert lines[0] == "Columns with few values: bright, group"
    assert lines[1:3] == [f"{question}brihgt", 'Error: there is no such column "brihgt". Did you mean "bright"?']
    assert lines[3].startswith(question)
    assert "Error: bright is what the model predicts; groups are compared by something else" in lines
    assert 'Error: there is no such column "grup". Did you mean "group"?' in lines
    assert f"{groups} group " in lines
    assert lines[-1] == "Wrote fairaudit.yaml. Next: fairaudit audit model.pt"
    assert any(line.startswith("Target: bright (0 or 1)") for line in lines)
    config, _ = load_config(None, folder=folder, overrides={})
    assert (config.data.target, config.data.attributes) == ("bright", ["group"])


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_question_that_is_not_answered_ends_the_command(folder, key):
    shown, code = typed(["init", "model.pt", "data.csv"], [key], folder=folder)
    assert code == 130, shown
    assert "Interrupted." in shown
    assert "Traceback" not in shown
    assert not (folder / "fairaudit.yaml").exists()
