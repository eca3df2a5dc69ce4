"""The overlays choose images by the same lift as the region audit."""

from types import SimpleNamespace

import torch

from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.regions.overlays import Overlays

STUDY = SimpleNamespace(regions=["top"])
METHOD = SimpleNamespace(name="lrp")


def test_magnitudes_count_whatever_their_sign():
    """|3| of |3| + |-1| in half of the image: 0.75 / 0.5."""
    maps = SimpleNamespace(maps=torch.tensor([[[3.0, 0.0], [-1.0, 0.0]]]))
    mask = torch.tensor([[[True, True], [False, False]]])
    context = SimpleNamespace(batch=SimpleNamespace(regions={"top": mask}), candidate=None, attribution=lambda *_: maps)
    columns = Overlays(STUDY, [METHOD]).map(context).columns
    assert columns[column("area", "top")].tolist() == [0.5]
    assert columns[column("candidate", "lrp", "top", "rrf_lift_absolute")].tolist() == [1.5]


def test_settings_are_methods_and_regions():
    assert Overlays(STUDY, [METHOD]).settings() == {"methods": [repr(METHOD)], "regions": ["top"]}
