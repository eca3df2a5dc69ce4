"""The paired effect on models whose dependence on the region is known exactly."""

import numpy as np
import pytest
import torch

from fairaudit.interventions.effect import region_effect
from fairaudit.interventions.fill import grey


class Looks:
    """Probability of class 1 is the mean of the pixels in a box of the image."""

    def __init__(self, rows: slice, columns: slice) -> None:
        self.rows, self.columns = rows, columns

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :, self.rows, self.columns].mean(dim=(1, 2, 3))[:, None]

    def scores(self, logits: torch.Tensor) -> torch.Tensor:
        p = logits[:, 0].double()
        return torch.stack([1 - p, p], dim=1)

    def decide(self, scores: torch.Tensor) -> torch.Tensor:
        return (scores[:, 1] >= 0.5).long()


REGION = (slice(6, 8), slice(2, 6))
CONTROL = (slice(0, 2), slice(2, 6))


def scene() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    images = torch.zeros(3, 1, 8, 8)
    images[0][:, REGION[0], REGION[1]] = 0.9
    images[1][:, REGION[0], REGION[1]] = 0.1
    images[2][:, REGION[0], REGION[1]] = 0.7
    masks, controls = torch.zeros(3, 8, 8, dtype=torch.bool), torch.zeros(3, 2, 8, 8, dtype=torch.bool)
    masks[:, REGION[0], REGION[1]] = True
    controls[:, 0, CONTROL[0], CONTROL[1]] = True
    return images, masks, controls


def test_a_model_that_looks_at_the_region():
    images, masks, controls = scene()
    found = region_effect(Looks(*REGION), images, masks, controls, torch.tensor([1, 0, 0]), fill=grey)
    # p(1) was 0.9, 0.1, 0.7 and is 0.5 once the region is grey.
    np.testing.assert_allclose(found.causal_positive, [0.4, -0.4, 0.2], atol=1e-6)
    np.testing.assert_allclose(found.causal_effect, [0.4, 0.4, -0.2], atol=1e-6)
    np.testing.assert_allclose(found.causal_shift, [0.4, 0.4, 0.2], atol=1e-6)
    np.testing.assert_array_equal(found.causal_flip, [0, 1, 0])
    for name in ("causal_positive", "causal_effect", "causal_shift", "causal_flip"):
        np.testing.assert_array_equal(found.columns()[f"{name}_control"], 0.0)


def test_a_model_that_looks_elsewhere():
    images, masks, controls = scene()
    found = region_effect(Looks(*CONTROL), images, masks, controls, torch.tensor([1, 1, 1]), fill=grey)
    np.testing.assert_array_equal(found.causal_effect, 0.0)
    np.testing.assert_allclose(found.causal_effect_control, -0.5)  # the one control that is not empty
    np.testing.assert_array_equal(found.causal_flip_control, 1.0)


def test_controls_are_averaged_and_sizes_do_not_cancel():
    images, masks, controls = scene()
    images[:, :, 0:2, 2:6] = 1.0
    controls[:, 1, 3:5, 2:6] = True

    class Both(Looks):
        def logits(self, batch: torch.Tensor) -> torch.Tensor:
            return (
                0.5 * (batch[:, :, 0:2, 2:6].mean(dim=(1, 2, 3)) - batch[:, :, 3:5, 2:6].mean(dim=(1, 2, 3)))[:, None]
            )

    found = region_effect(Both(*REGION), images, masks, controls, torch.tensor([1, 1, 1]), fill=grey)
    np.testing.assert_allclose(found.causal_effect_control, 0.25)  # +0.25 and +0.25
    images[:, :, 3:5, 2:6] = 1.0  # now greying the second raises the score by as much as greying the first lowers it
    found = region_effect(Both(*REGION), images, masks, controls, torch.tensor([1, 1, 1]), fill=grey)
    np.testing.assert_allclose(found.causal_effect_control, 0.0, atol=1e-12)
    np.testing.assert_allclose(found.causal_shift_control, 0.25)


def test_empty_regions_missing_controls_and_unknown_labels_are_undefined():
    images, masks, controls = scene()
    masks[0] = False
    controls[1] = False
    found = region_effect(Looks(*REGION), images, masks, controls, torch.tensor([1, 1, -1]), fill="mean")
    assert np.isnan(found.causal_shift).tolist() == [True, False, False]
    assert np.isnan(found.causal_shift_control).tolist() == [False, True, False]
    assert np.isnan(found.causal_effect).tolist() == [True, False, True]
    none = region_effect(Looks(*REGION), images, masks, controls[:, :0], torch.tensor([1, 1, 1]))
    assert np.isnan(none.causal_shift_control).all()


def test_known_scores_save_the_first_pass_and_change_nothing():
    images, masks, controls = scene()
    model = Looks(*REGION)
    wanted = region_effect(model, images, masks, controls, torch.tensor([1, 0, 0])).columns()
    scores = model.scores(model.logits(images))
    calls = []
    real = model.logits
    model.logits = lambda batch: calls.append(len(batch)) or real(batch)
    found = region_effect(model, images, masks, controls, torch.tensor([1, 0, 0]), scores=scores).columns()
    assert len(calls) == 3  # the region and two controls
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)


def test_three_classes_shift_by_the_total_variation():
    class Three(Looks):
        def scores(self, logits: torch.Tensor) -> torch.Tensor:
            p = logits[:, 0].double()
            return torch.stack([0.5 * p, 0.5 * p, 1 - p], dim=1)

        def decide(self, scores: torch.Tensor) -> torch.Tensor:
            return scores.argmax(dim=1)

    images, masks, controls = scene()
    found = region_effect(Three(*REGION), images, masks, controls, torch.tensor([0, 0, 0]), fill=grey)
    np.testing.assert_allclose(found.causal_shift, [0.4, 0.4, 0.2], atol=1e-6)
    np.testing.assert_allclose(found.causal_effect, [0.2, -0.2, 0.1], atol=1e-6)
    assert found.causal_effect == pytest.approx(-found.causal_positive / 2, abs=1e-9)
