"""Discovery on the demonstration, without being told a region: the necktie on one model and nothing on the other."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from fairaudit.cli.main import app

pytestmark = pytest.mark.slow
METHODS = ("lrp", "input_x_gradient")


def searched(demo_files, model, out):
    """The rows of a search by both methods for all three attributes; the methods' trials are tested elsewhere."""
    config = yaml.safe_load((demo_files.folder / "fairaudit.yaml").read_text())
    config["data"] |= {"manifest": str(demo_files.folder / "faces.csv"), "root": str(demo_files.folder)}
    config["audit"] = {"attribute": ["necktie", "hat", "skin"], "region": "necktie", "saliency": list(METHODS)}
    config["audit"] |= {"faithfulness": False, "replicates": 200, "fills": ["swap"]}
    out.mkdir()
    (out / "search.yaml").write_text(yaml.safe_dump(config | {"gates": []}))
    command = ["roi-metrics", str(demo_files.folder / model), "-c", str(out / "search.yaml"), "--discover"]
    done = CliRunner().invoke(app, [*command, "--limit", "300", "-o", str(out), "-q", "--json"])
    assert done.exit_code == 0, (done.exception, done.stderr)
    return [m for m in json.loads(done.stdout)["measurements"] if m["metric"].startswith("discovery")]


def windows(rows, metric="discovery", **fields):
    """Boxes of the windows found, the largest effect first."""
    chosen = [m for m in rows if m["metric"] == metric and all(m[name] == value for name, value in fields.items())]
    return [tuple(m["extra"][c] for c in ("x0", "y0", "x1", "y1")) for m in chosen if m["value"] is not None]


def overlap(box, other):
    """Share of the smaller of two boxes that lies in the other."""
    sides = [min(box[k + 2], other[k + 2]) - max(box[k], other[k]) for k in (0, 1)]
    area = min((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return max(0.0, sides[0]) * max(0.0, sides[1]) / area


def test_the_necktie_is_found_on_the_biased_model_and_nothing_on_the_balanced_one(demo_files, tmp_path):
    place = (0.42, 0.73, 0.58, 1.0)  # where neckties are, as shares of the picture
    biased = searched(demo_files, "biased.pt", tmp_path / "biased")
    for method in METHODS:
        found = windows(biased, attribute="necktie", method=method)
        assert found, method
        assert all(overlap(window, place) > 0.4 for window in found), "the tie, and no place that only looks different"
    assert windows(biased, "discovery_alignment") == [], "the test split is balanced: neckties go with no smile in it"
    assert (tmp_path / "biased" / "figures" / "discovery-necktie-lrp.png").is_file()
    balanced = searched(demo_files, "balanced.pt", tmp_path / "balanced")
    assert windows(balanced) == []
    assert windows(balanced, "discovery_alignment") == []
    # Dark lips on light skin draw other relevance than on dark skin; what the score makes of it is too little to count.
    assert windows(balanced, "discovery_unconfirmed", attribute="skin")
