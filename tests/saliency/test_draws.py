import torch

from fairaudit.saliency.draws import generators, normal


def test_draws_follow_the_image_and_not_its_place(small):
    images = small.images(3)
    first, second = (generators(some, 0, "x") for some in (images, images.flip(0)))
    draws = [[normal((4,), one, images) for one in made] for made in (first, second)]
    for i in range(3):
        torch.testing.assert_close(draws[0][i], draws[1][2 - i], rtol=0, atol=0)


def test_draws_follow_the_seed_and_the_use(small):
    image = small.images(1)
    keys = [(0, "x"), (1, "x"), (0, "y")]
    draws = [normal((8,), generators(image, seed, name)[0], image) for seed, name in keys]
    assert all(not torch.equal(draws[i], draws[j]) for i in range(3) for j in range(i))


def test_types_do_not_change_the_draw(small):
    image = small.images(1)
    double, single = (
        normal((5,), generators(image, 0, "x")[0], image.to(kind)) for kind in (torch.float64, torch.float32)
    )
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, double.float(), rtol=0, atol=0)
