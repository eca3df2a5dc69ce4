"""A mitigation run that is small enough for a test: what every such test asks for, and what it asks otherwise."""

from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Split
from fairaudit.demo.make import Recipe, make_demo


def small_demo(place, train, test):
    """A demonstration of so many faces, hardly trained."""
    return make_demo(place, recipe=Recipe(train_images=train, test_images=test, epochs=1)).folder


def small_run(folder, output, *, replicates, figures=True, **changes):
    """Configuration and options of a run on the necktie without gates."""
    audit = {"attribute": "necktie", "region": "necktie", "saliency": ["lrp"], "faithfulness": False}
    audit |= {"replicates": replicates}
    config, base = load_config(folder / "fairaudit.yaml", folder=folder, overrides={"audit": audit})
    asked = {"debias": Split(column="split", use="balanced"), "batch_size": 32, "train_epochs": 1} | changes
    options = RunOptions(output=output, device="cpu", fail_on="never", workers=1, figures=figures)
    return {"config": config.model_copy(update={"gates": []}), "base": base, "asked": MitigateOptions(**asked),
            "options": options}  # fmt: skip
