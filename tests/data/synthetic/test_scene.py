import numpy as np
import pytest

from fairaudit.data.synthetic.labels import VALUES
from fairaudit.data.synthetic.scene import RANGES, make_scene, twin
from fairaudit.errors import UsageError


def test_nuisance_parameters_fill_their_ranges_and_ignore_the_labels():
    scene = make_scene(2000, seed=0, phi={"necktie": 0.9})
    for name, (low, high) in RANGES.items():
        values = scene.nuisance[name]
        assert np.float32(low) <= values.min() <= values.max() <= np.float32(high)
        assert values.max() - values.min() > 0.95 * (high - low)
        # |r| of 2,000 independent pairs is above 0.09 with probability 6e-5.
        assert abs(np.corrcoef(values, scene.labels["smiling"])[0, 1]) < 0.09, name


def test_noise_seeds_are_distinct():
    assert len(np.unique(make_scene(500, seed=0).noise_seed)) == 500


def test_take_keeps_rows_in_the_given_order():
    scene = make_scene(10, seed=0)
    part = scene.take([7, 2])
    assert len(part) == 2
    assert part.nuisance["tilt"].tolist() == [scene.nuisance["tilt"][7], scene.nuisance["tilt"][2]]
    assert part.labels["hair"].tolist() == [scene.labels["hair"][7], scene.labels["hair"][2]]
    assert part.noise_seed.tolist() == [scene.noise_seed[7], scene.noise_seed[2]]


@pytest.mark.parametrize("label", [name for name, values in VALUES.items() if len(values) == 2])
def test_twins_of_twins_are_the_faces_themselves(label):
    scene = make_scene(20, seed=0)
    other = twin(scene, label)
    assert (other.labels[label] == 1 - scene.labels[label]).all()
    assert all(other.labels[name] is scene.labels[name] for name in set(VALUES) - {label})
    assert other.nuisance is scene.nuisance
    assert (twin(other, label).labels[label] == scene.labels[label]).all()


def test_twins_with_given_codes():
    scene = make_scene(6, seed=0)
    assert twin(scene, "skin", 2).labels["skin"].tolist() == [2] * 6
    codes = np.array([0, 1, 2, 0, 1, 2])
    assert twin(scene, "hair", codes).labels["hair"].tolist() == codes.tolist()


def test_twins_that_make_no_sense():
    scene = make_scene(6, seed=0)
    with pytest.raises(UsageError, match="necktie"):
        twin(scene, "neckties")
    with pytest.raises(UsageError, match="light, medium, dark"):
        twin(scene, "skin")
    with pytest.raises(UsageError, match="0 to 2"):
        twin(scene, "skin", 3)


def test_no_faces():
    with pytest.raises(UsageError, match="at least 1"):
        make_scene(0, seed=0)
