"""Attribution methods by name."""

from __future__ import annotations

from collections.abc import Callable

from fairaudit.registry import Registry
from fairaudit.saliency.gradcam import GradCam
from fairaudit.saliency.gradients.counterfactual_gradients import CounterfactualGradients
from fairaudit.saliency.gradients.expected_gradients import ExpectedGradients
from fairaudit.saliency.gradients.gradient import Gradient, InputXGradient
from fairaudit.saliency.gradients.guided_backpropagation import GuidedBackpropagation
from fairaudit.saliency.gradients.guided_ig import GuidedIntegratedGradients
from fairaudit.saliency.gradients.integrated_gradients import BlurIntegratedGradients, IntegratedGradients
from fairaudit.saliency.gradients.smoothgrad import SmoothGrad
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.method import Method
from fairaudit.saliency.occlusion import Occlusion
from fairaudit.saliency.random_map import RandomMap

METHODS: Registry[Callable[[], Method]] = Registry(
    "attribution method",
    [
        ("gradient", Gradient),
        ("input_x_gradient", InputXGradient),
        ("guided_backpropagation", GuidedBackpropagation),
        ("smoothgrad", SmoothGrad),
        ("integrated_gradients", IntegratedGradients),
        ("blur_ig", BlurIntegratedGradients),
        ("cgi", CounterfactualGradients),
        ("guided_ig", GuidedIntegratedGradients),
        ("expected_gradients", ExpectedGradients),
        ("gradcam", GradCam),
        ("lrp", Lrp),
        ("lrp_epsilon", lambda: Lrp(composite="epsilon", name="lrp_epsilon")),
        ("lrp_epsilon_plus", lambda: Lrp(composite="epsilon_plus", name="lrp_epsilon_plus")),
        ("lrp_epsilon_plus_flat", lambda: Lrp(composite="epsilon_plus_flat", name="lrp_epsilon_plus_flat")),
        ("lrp_epsilon_alpha2_beta1", lambda: Lrp(composite="epsilon_alpha2_beta1", name="lrp_epsilon_alpha2_beta1")),
        ("lrp_epsilon_gamma_box", lambda: Lrp(composite="epsilon_gamma_box", name="lrp_epsilon_gamma_box")),
        ("lrp_gamma", lambda: Lrp(composite="gamma", name="lrp_gamma")),
        ("occlusion", Occlusion),
        ("random", RandomMap),
    ],
)
"""Name → a function that makes the method with its default settings."""


def method(name: str) -> Method:
    """The attribution method of that name with its default settings.

    Raises:
        UsageError: there is no such method; the message suggests the nearest name.
    """
    return METHODS[name]()
