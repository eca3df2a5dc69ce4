import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from fairaudit.config.schema import Config
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.data.synthetic.draw import draw
from fairaudit.data.synthetic.scene import twin
from fairaudit.demo.make import Recipe, demo_paths, demo_scenes, make_demo
from fairaudit.errors import OutputError

TINY = Recipe(train_images=32, test_images=40, epochs=1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    steps = []
    paths = make_demo(tmp_path_factory.mktemp("tiny"), seed=7, recipe=TINY, progress=lambda *step: steps.append(step))
    return paths, steps


def decisions(model, images):
    with torch.no_grad():
        return np.concatenate(
            [(model(torch.from_numpy(part).float() / 255)[:, 0] > 0).numpy() for part in np.array_split(images, 8)]
        )


def test_every_file_is_there(tiny):
    paths, _ = tiny
    assert paths == demo_paths(paths.folder)
    assert all(path.is_file() for path in (paths.config, paths.manifest, paths.biased, paths.balanced))
    assert len(list((paths.folder / "faces").iterdir())) == 2 * 40 + 2 * 32  # every face of the test split has a twin


def test_test_split_is_balanced_over_the_four_cells(tiny):
    with tiny[0].manifest.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    cells = Counter((row["smiling"], row["necktie"]) for row in rows)
    assert cells == {("0", "0"): 10, ("0", "1"): 10, ("1", "0"): 10, ("1", "1"): 10}


def test_training_data_differ_in_the_necktie(tiny):
    scenes = demo_scenes(seed=7, recipe=Recipe())
    phi = {name: np.corrcoef(scene.labels["smiling"], scene.labels["necktie"])[0, 1] for name, scene in scenes.items()}
    assert phi == {"test": 0.0, "biased": pytest.approx(0.9), "balanced": pytest.approx(0.0, abs=1e-12)}
    seeds = np.concatenate([scene.noise_seed for scene in scenes.values()])
    assert len(np.unique(seeds)) == len(seeds)


def test_the_configuration_opens_the_data(tiny):
    paths, _ = tiny
    config = Config.model_validate(yaml.safe_load(paths.config.read_text()))
    manifest = open_manifest(config, base=paths.folder)
    assert manifest.target.name == "smiling"
    assert len(manifest.ids) == 40
    batch = Loader(manifest, config.preprocess, config.regions, 0).load(range(40))
    scene = demo_scenes(seed=7, recipe=TINY)["test"]
    expected = draw(scene, masks=("necktie",))
    assert torch.equal(batch.images, torch.from_numpy(expected.images).float() / 255)
    region = batch.regions["necktie"].numpy()
    assert not (expected.masks["necktie"] & ~region).any()
    assert 0.01 < region.mean() < 0.08
    assert config.gates[0].metric == "equalized_odds_difference"
    twins = Loader(replace(manifest, source=manifest.twins["necktie"]), config.preprocess, {}, 0).load(range(40))
    assert torch.equal(twins.images, torch.from_numpy(draw(twin(scene, "necktie")).images).float() / 255)


def test_models_are_scripts_that_differ(tiny):
    paths, _ = tiny
    images = torch.rand(2, 3, 64, 64)
    biased, balanced = torch.jit.load(paths.biased), torch.jit.load(paths.balanced)
    assert biased(images).shape == (2, 1)
    assert not torch.equal(biased(images), balanced(images))


def test_progress_names_every_stage_and_ends_it(tiny):
    ends = {name: (done, total) for name, done, total in tiny[1]}
    assert list(ends) == ["Drawing faces", "Training biased model", "Training balanced model"]
    assert all(done == total for done, total in ends.values())


def test_the_same_seed_gives_the_same_weights(tiny, tmp_path):
    again = make_demo(tmp_path, seed=7, recipe=TINY)
    assert again.manifest.read_bytes() == tiny[0].manifest.read_bytes()
    first, second = torch.jit.load(tiny[0].biased).state_dict(), torch.jit.load(again.biased).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        make_demo(tmp_path / "file", recipe=TINY)


@pytest.mark.slow
@pytest.mark.parametrize("trained", [True, False], ids=["trained now", "as trained once"])
def test_the_planted_shortcut_is_learnt_by_one_model_only(demo_files, tmp_path, monkeypatch, trained):
    """In five of twelve epochs, after which faces are not told as well; and by the networks of the other tests."""
    recipe = Recipe(test_images=400, epochs=5)
    enough, most = (0.6, 0.5) if trained else (0.95, 0.9)  # seen with three seeds: at least .76 and .71
    monkeypatch.setattr("fairaudit.demo.make.write", lambda *_, **__: None)  # of the faces no files are needed
    paths = make_demo(tmp_path, seed=0, recipe=recipe) if trained else demo_paths(demo_files.folder)
    test = demo_scenes(seed=0, recipe=recipe)["test"]
    images, changed, smile = (draw(scene).images for scene in (test, twin(test, "necktie"), twin(test, "smiling")))
    smiling, necktie = test.labels["smiling"], test.labels["necktie"]
    right, flipped, followed = {}, {}, {}
    for name, path in (("biased", paths.biased), ("balanced", paths.balanced)):
        model = torch.jit.load(path)
        decided = decisions(model, images)
        right[name] = {(s, t): np.mean((decided == s)[(smiling == s) & (necktie == t)]) for s in (0, 1) for t in (0, 1)}
        flipped[name] = np.mean(decisions(model, changed) != decided)
        followed[name] = np.mean(decisions(model, smile) != decided)
    assert min(right["balanced"].values()) >= enough
    assert flipped["balanced"] <= 0.05
    assert followed["balanced"] >= most
    # The shortcut helps where necktie and smile agree and misleads where they do not.
    assert min(right["biased"][0, 0], right["biased"][1, 1]) >= 0.95
    assert max(right["biased"][0, 1], right["biased"][1, 0]) <= 0.85
    assert flipped["biased"] >= 0.15


@pytest.mark.parametrize("name", ["faces.csv", "fairaudit.yaml", "biased.pt"])
def test_files_of_others_are_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="did not write"):
        make_demo(tmp_path, recipe=TINY)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
