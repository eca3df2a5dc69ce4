"""Which model is flagged and which is cleared, seed by seed. Run by hand; exit code 1 where anything is not as planted.

    fairaudit demo --seed 1 -o demo-1
    python tests/audits/relevance_seeds.py --demo demo-0 demo-1            # folders that `fairaudit demo` wrote
    python tests/audits/relevance_seeds.py --mnist MNIST --seeds 0 1 2     # trains two models a seed

Every row is one model: what each attribution method, the causal check and discovery say of the region.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
METHODS = {"small": ("lrp", "integrated_gradients"), "large": ("lrp_epsilon_gamma_box", "integrated_gradients")}
"""Of a small region, whose share of |relevance| counts, and of a large one, where the sign counts: z⁺ has none."""
CAUSAL = 0.05


def main() -> int:
    """Audit what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, nargs="*", default=[], help="folders that `fairaudit demo` wrote")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's test digits")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="of Biased-MNIST")
    parser.add_argument("--limit", type=int, default=400, help="images of every audit")
    parser.add_argument("--keep", type=Path, help="folder for models and reports (default: a temporary one)")
    options = parser.parse_args()
    right = True
    say("| data | model | LRP | integrated gradients | causal check | discovery, LRP / IG |")
    say("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temporary:
        keep = options.keep or Path(temporary)
        for folder in options.demo:
            models = {name: folder.resolve() / f"{name}.pt" for name in ("biased", "balanced")}
            config = demo_config(folder.resolve())
            right &= told(f"demo, {folder.name}", config, models, keep / folder.name, options.limit, METHODS["small"])
        for seed in options.seeds if options.mnist else ():
            models, config = digits(options.mnist.resolve(), keep / f"mnist-{seed}", seed)
            data, folder = f"Biased-MNIST, seed {seed}", keep / f"mnist-{seed}"
            right &= told(data, config, models, folder, options.limit, METHODS["large"])
    return 0 if right else 1


def say(line: str) -> None:
    """Print a line at once: what follows takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def demo_config(folder: Path) -> dict:
    """The demonstration's configuration, for use from any folder."""
    config = yaml.safe_load((folder / "fairaudit.yaml").read_text())
    config["data"] |= {"manifest": str(folder / "faces.csv"), "root": str(folder)}
    return config


def digits(mnist: Path, folder: Path, seed: int) -> tuple[dict[str, Path], dict]:
    """A model trained at ρ = 0.95 and one at 0.1, where the colour tells nothing, with the shipped configuration."""
    models = {}
    for name, rho in (("biased", "0.95"), ("balanced", "0.1")):
        command = [sys.executable, str(ROOT / "example_configs" / "train_biased_mnist.py"), "--mnist", str(mnist)]
        command += ["--out", str(folder / name), "--rho", rho, "--seed", str(seed)]
        models[name] = folder / name / "biased_mnist.pt"
        if not models[name].exists():
            subprocess.run(command, check=True, capture_output=True, env=environment())
    config = yaml.safe_load((ROOT / "example_configs" / "biased_mnist.yaml").read_text())
    config["data"]["manifest"]["root"] = str(folder / "biased" / "digits")
    return models, config


def told(data: str, config: dict, models: dict[str, Path], out: Path, limit: int, methods: tuple[str, ...]) -> bool:
    """Audit both models and print their rows; whether the first is flagged by everything and the second by nothing."""
    config["audit"] |= {"faithfulness": False, "replicates": 1000, "saliency": list(methods)}
    config["gates"] = []
    out.mkdir(parents=True, exist_ok=True)
    (out / "relevance.yaml").write_text(yaml.safe_dump(config))
    right = True
    for name, model in models.items():
        found = audited(model, out / "relevance.yaml", out / f"report-{name}", limit)
        flags = [*(relevance(found, method) for method in methods), causal(found)]
        windows = [discovered(found, method) for method in methods]
        cells = [f"{low:.3g} to {high:.3g}{mark(low, high, limit)}" for low, high, limit in flags]
        say(f"| {data} | {name} | {' | '.join(cells)} | {' / '.join(map(str, windows))} |")
        if name == "biased":
            right &= all(low > limit for low, _, limit in flags) and all(windows)
        else:
            right &= all(high <= limit for _, high, limit in flags) and not any(windows)
    return right


def mark(low: float, high: float, limit: float) -> str:
    """What stands beside a number: nothing where it is cleared."""
    return " **flagged**" if low > limit else " (open)" if high > limit else ""


def audited(model: Path, config: Path, out: Path, limit: int) -> list[dict]:
    """The measurements of `fairaudit roi-metrics --discover`."""
    command = [sys.executable, "-m", "fairaudit", "roi-metrics", str(model), "-c", str(config), "--discover"]
    command += ["--limit", str(limit), "-o", str(out), "-q", "--json", "--fail-on", "never"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment())
    return json.loads(done.stdout)["measurements"]


def relevance(found: list[dict], method: str) -> tuple[float, float, float]:
    """Interval and limit: the lift of a small region, the alignment of signs of a large one, as the joint verdict."""
    area = next(m for m in found if m["metric"] == "area_share" and not (m["attribute"] or m["class"]))
    metric, limit = ("rrf_lift_absolute", 1.5) if area["value"] <= 0.5 else ("cue_alignment", 0.02)
    return *interval(found, metric, method), limit


def causal(found: list[dict]) -> tuple[float, float, float]:
    """Interval and limit of the effect beyond that of control regions."""
    return *interval(found, "causal_excess", None), CAUSAL


def interval(found: list[dict], metric: str, method: str | None) -> tuple[float, float]:
    """Ends of the interval over all images."""
    rows = [m for m in found if m["metric"] == metric and not (m["group"] or m["class"])]
    rows = [m for m in rows if method in (None, m["method"]) and (metric.startswith("signed") or not m["attribute"])]
    assert len(rows) == 1, (metric, method, len(rows))
    return rows[0]["low"], rows[0]["high"]


def discovered(found: list[dict], method: str) -> int:
    """Windows that relevance and the score agree on."""
    metrics = ("discovery", "discovery_alignment")
    return sum(m["metric"] in metrics and m["method"] == method and m["value"] is not None for m in found)


def environment() -> dict[str, str]:
    """This checkout's modules, wherever the program runs."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    sys.exit(main())
