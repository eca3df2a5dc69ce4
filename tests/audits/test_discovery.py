"""Discovery on the demonstration, without being told a region: the necktie on one model and nothing on the other."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def discovered(demo, model, out):
    """Windows that LRP's relevance differs in by necktie, best first, as (x0, y0, x1, y1)."""
    command = [
        sys.executable, "-m", "fairaudit", "roi-metrics", str(demo.folder / model), "--config",
        str(demo.folder / "fairaudit.yaml"), "--method", "lrp", "--roi", "necktie", "--attribute", "necktie",
        "--discover", "--limit", "300", "-o", str(out), "-q", "--json", "--fail-on", "never",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=True, env=os.environ)
    report = json.loads(done.stdout)
    rows = [m for m in report["measurements"] if m["attribute"] == "necktie"]
    return {
        metric: [
            tuple(m["extra"][corner] for corner in ("x0", "y0", "x1", "y1"))
            for m in rows
            if m["metric"] == metric and m["value"] is not None
        ]
        for metric in ("discovery", "discovery_alignment")
    }


def overlap(box, other):
    """Share of the smaller of two boxes that lies in the other."""
    sides = [min(box[k + 2], other[k + 2]) - max(box[k], other[k]) for k in (0, 1)]
    area = min((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return max(0.0, sides[0]) * max(0.0, sides[1]) / area


def test_the_necktie_is_found_on_the_biased_model_and_nothing_on_the_balanced_one(demo, tmp_path):
    place = (0.42, 0.73, 0.58, 1.0)  # where neckties are, as shares of the picture
    found = discovered(demo, "biased.pt", tmp_path / "biased")
    assert max(overlap(window, place) for window in found["discovery"]) > 0.5
    assert found["discovery_alignment"] == [], "the test split is balanced: neckties go with no smile in it"
    assert (tmp_path / "biased" / "figures" / "discovery-necktie-lrp.png").is_file()
    assert discovered(demo, "balanced.pt", tmp_path / "balanced") == {"discovery": [], "discovery_alignment": []}
