"""Region metrics against Quantus: the same numbers, and how much faster.

Run by hand with the `oracles` extra: `python tests/benchmarks/regions.py [maps] [side]`, or as a part of saliency.py.
Prints a Markdown table; times are computing time of the process, the best of three (Quantus: of one) on one thread,
Quantus with its own preprocessing, as a user calls it.
2,000 maps of 64 x 64 take about a minute, nearly all of it in Quantus; of 224 x 224 about ten times that.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from fairaudit.engine.memory import peak_memory_bytes
from fairaudit.measures.regions.metrics import pointing_game, rank_accuracy, rrf, score_regions

PAIRS = (("RelevanceMassAccuracy", rrf), ("RelevanceRankAccuracy", rank_accuracy), ("PointingGame", pointing_game))


def best(function: Callable[[], object], repeats: int = 3) -> tuple[float, object]:
    """Shortest time and the result."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return min(times), result


def scene(count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Random maps without ties, and a box whose place changes from image to image."""
    generator = np.random.default_rng(0)
    maps = generator.gamma(1.0, size=(count, side, side)).astype(np.float32)
    masks = np.zeros(maps.shape, bool)
    height, width = side // 4, 2 * side // 5
    for image in range(count):
        top, left = generator.integers(0, side - height), generator.integers(0, side - width)
        masks[image, top : top + height, left : left + width] = True
    return maps, masks


def quantus_run(name: str, maps: np.ndarray, masks: np.ndarray) -> Callable[[], object]:
    """A call of a Quantus metric with everything prepared."""
    import quantus

    metric = getattr(quantus, name)(abs=False, normalise=False, disable_warnings=True)
    images, labels = np.zeros((len(maps), 1, *maps.shape[1:]), np.float32), np.zeros(len(maps), int)
    arguments = {"x_batch": images, "y_batch": labels, "a_batch": maps[:, None], "s_batch": masks[:, None]}
    return lambda: metric(model=None, channel_first=True, batch_size=64, **arguments)


def main(count: int, side: int) -> int:
    """Print the table, and return the bytes that the maps, Quantus and the metrics took."""
    warnings.simplefilter("ignore")
    before = peak_memory_bytes() or 0
    maps, masks = scene(count, side)
    print(f"{count} maps of {side} x {side}\n")
    print("| metric | Quantus | fairaudit | ratio | largest difference |\n|--|--|--|--|--|")
    theirs = 0.0
    for name, ours in PAIRS:
        slow, wanted = best(quantus_run(name, maps, masks), 1)
        fast, found = best(lambda ours=ours: ours(maps, masks))
        gap = np.abs(np.asarray(wanted, float).reshape(-1) - found).max()
        theirs += slow
        print(f"| {ours.__name__} | {slow:.2f} s | {fast:.3f} s | {slow / fast:.0f} | {gap:.1e} |")
    together, _ = best(lambda: score_regions(maps, masks))
    print(
        f"| these three and three more at once | {theirs:.2f} s | {together:.3f} s | {theirs / together:.0f} | |",
        flush=True,
    )
    return (peak_memory_bytes() or 0) - before


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [2000, 64][len(given) :]))
