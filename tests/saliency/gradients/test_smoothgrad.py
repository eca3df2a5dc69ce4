import torch
from captum.attr import NoiseTunnel, Saliency

from fairaudit.saliency.draws import generators, normal
from fairaudit.saliency.gradients.gradient import Gradient
from fairaudit.saliency.gradients.smoothgrad import SmoothGrad


def test_it_is_the_mean_gradient_of_noisy_copies(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    found = SmoothGrad(samples=5, noise=0.2).attribute(classifier, images, classes, seed=3).maps
    for i, generator in enumerate(generators(images, 3, "smoothgrad")):
        spread = 0.2 * (images[i].max() - images[i].min())
        noise = spread * normal((5, 3, 12, 16), generator, images)
        maps = [
            Gradient().attribute(classifier, images[i : i + 1] + noise[k], classes[i : i + 1]).maps[0] for k in range(5)
        ]
        torch.testing.assert_close(found[i], torch.stack(maps).mean(0))


def test_without_noise_it_is_the_gradient(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    wanted = Gradient().attribute(classifier, images, classes).maps
    torch.testing.assert_close(SmoothGrad(samples=2, noise=0).attribute(classifier, images, classes).maps, wanted)


def test_it_is_captums_noise_tunnel_with_the_same_noise(small, monkeypatch):
    classifier, images, classes = small.model("residual"), small.images(2), small.classes(2)
    found = SmoothGrad(samples=4, noise=0.2).attribute(classifier, images, classes, seed=3).maps
    noise = [
        0.2 * (images[i].max() - images[i].min()) * normal((4, 3, 12, 16), generator, images)
        for i, generator in enumerate(generators(images, 3, "smoothgrad"))
    ]
    # captum adds torch.normal(0, stdevs) to the normalised input; here it draws what we drew, in its units.
    monkeypatch.setattr(torch, "normal", lambda mean, std, **_: torch.cat(noise) / classifier.std)
    wanted = NoiseTunnel(Saliency(classifier.module)).attribute(
        classifier.normalise(images), nt_type="smoothgrad", nt_samples=4, stdevs=1.0, target=classes, abs=False
    )
    torch.testing.assert_close(found, wanted.sum(1))
