import pytest
import torch
from torch import nn

from fairaudit.errors import MethodError, UsageError
from fairaudit.saliency.method import TakesLabels
from fairaudit.saliency.registry import METHODS, method

BATCH_REFERENCES = ("expected_gradients",)
ALONE = [name for name in METHODS if not isinstance(method(name), TakesLabels)]


@pytest.mark.parametrize("name", ALONE)
def test_every_method_carries_its_name_and_gives_maps_of_the_image(small, name):
    made = method(name)
    assert made.name == name
    found = made.attribute(small.model("residual"), small.images(2), small.classes(2))
    assert found.maps.shape == (2, 12, 16)
    assert torch.isfinite(found.maps).all()


@pytest.mark.parametrize("name", ALONE)
def test_a_constant_model_gets_zero_maps_or_a_refusal(small, name):
    if name == "random":
        pytest.skip("the control knows nothing of the model")
    classifier = small.model("residual")
    for part in classifier.module.modules():
        if isinstance(part, nn.Linear):
            part.weight.zero_()
    if method(name).family in ("lrp", "gradcam"):
        with pytest.raises(MethodError, match="is 0 everywhere"):
            method(name).attribute(classifier, small.images(2), small.classes(2))
        return
    found = method(name).attribute(classifier, small.images(2), small.classes(2))
    assert found.maps.abs().max() == 0
    if found.residual is not None:
        assert found.residual.tolist() == [0, 0]


@pytest.mark.parametrize("name", [name for name in ALONE if name not in BATCH_REFERENCES])
def test_maps_do_not_depend_on_the_batch(small, name):
    classifier, images, classes = small.model("residual"), small.images(3), small.classes(3)
    together = method(name).attribute(classifier, images, classes, seed=4).maps
    alone = [method(name).attribute(classifier, images[i : i + 1], classes[i : i + 1], seed=4).maps for i in (0, 1, 2)]
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("name", ALONE)
def test_float32_is_enough(small, name):
    classifier = small.model("residual")
    single = small.Double(module=small.seeded(small.Residual()).float(), outputs=4)
    images, classes = small.images(2).float(), small.classes(2)
    coarse = method(name).attribute(single, images, classes).maps
    fine = method(name).attribute(classifier, images.double(), classes).maps
    if name in ("integrated_gradients", "blur_ig", "guided_ig", "expected_gradients", "smoothgrad", "random"):
        # Rounding moves kinks and draws, so that only the type is compared.
        assert coarse.dtype == torch.float32
        return
    assert ((coarse.double() - fine).abs().max() / fine.abs().max()).item() < 1e-3


def test_unknown_names_get_a_suggestion():
    with pytest.raises(UsageError, match="integrated_gradients"):
        method("integrated_gradient")
