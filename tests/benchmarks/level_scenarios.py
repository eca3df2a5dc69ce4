"""The scenarios of `levels.py`: how each draws a data set, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv

from fairaudit.measures.clusters.partition import counts_by_cluster
from fairaudit.measures.counts.disparities import disparities
from fairaudit.measures.images.means import Labels
from fairaudit.measures.intervals.bootstrap import bootstrap
from fairaudit.measures.intervals.proportion import percentile
from fairaudit.results.measurement import Measurement
from fairaudit.tables.changes.counts import paired_measurements
from fairaudit.tables.fairness.scores import score_measurements
from fairaudit.tables.fairness.soft import SoftJoint, sampled_joint, soft_rows
from fairaudit.tables.fairness.table import fairness_measurements
from fairaudit.tables.fairness.within import within_measurements
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, measurement
from fairaudit.tables.statistics import Statistics

DRAWS = 400
"""Replicates inside each table: as many as a report of a large table has."""


@dataclass(frozen=True)
class Scenario:
    """One way of drawing data sets."""

    name: str
    kind: str
    sizes: tuple[int, ...]
    """Images per group; persons per group where there are persons."""
    right: tuple[float, ...]
    """Share of right decisions per group (of the common images, of the baseline)."""
    classes: int = 2
    other: tuple[float, ...] = ()
    """Share of right decisions of rare images, or of the candidate."""
    shape: str = ""
    """Cluster sizes, kind of scores."""
    alike: float = 0.0
    """Correlation within persons, or of both models' decisions."""


def asked(scenario: Scenario, **more: object) -> FairnessSpec:
    groups = tuple(f"g{number}" for number in range(len(scenario.sizes)))
    classes = tuple(f"c{number}" for number in range(scenario.classes))
    return FairnessSpec(attribute="a", groups=groups, classes=classes, statistics=Statistics(replicates=DRAWS), **more)  # type: ignore[arg-type]


def decisions(right: Sequence[float], classes: int) -> np.ndarray:
    """Probability of every decision: [group, true, predicted]."""
    share = np.asarray(right, np.float64)[:, None, None]
    return np.where(np.eye(classes, dtype=bool), share, (1 - share) / (classes - 1))


def cells(sizes: Sequence[int], classes: int) -> np.ndarray:
    """Images of every cell: [group, true]."""
    return np.array([[size // classes + (place < size % classes) for place in range(classes)] for size in sizes])


# --- one data set, and what is true of it ---------------------------------------------------------------------------


def draw_counts(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    shares = decisions(scenario.right, scenario.classes)
    counts = rng.multinomial(cells(scenario.sizes, scenario.classes), shares)
    return fairness_measurements(counts, asked(scenario), aligned=aligned(scenario))


def true_counts(scenario: Scenario) -> list[Measurement]:
    table = decisions(scenario.right, scenario.classes) * cells(scenario.sizes, scenario.classes)[..., None]
    return fairness_measurements(table, asked(scenario), aligned=aligned(scenario))


def aligned(scenario: Scenario) -> np.ndarray:
    return np.arange(len(scenario.sizes))[:, None] % scenario.classes == np.arange(scenario.classes)[None]


def person_sizes(scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Images of every person; the same for all data sets of a scenario would hide nothing, so they are drawn."""
    number = sum(scenario.sizes)
    if scenario.shape.startswith("pareto"):
        return np.clip(np.floor(rng.pareto(1.0, number) + 1), 1, 200).astype(int)
    sizes = rng.integers(1, 4, number) if scenario.shape.startswith("dominant") else np.full(number, 5)
    if scenario.shape.startswith("dominant"):
        sizes[np.cumsum([0, *scenario.sizes[:-1]])] = 200
    return sizes


def draw_clusters(scenario: Scenario, rng: np.random.Generator, *, blind: bool = False) -> list[Measurement]:
    sizes = person_sizes(scenario, rng)
    person = np.repeat(np.arange(len(sizes)), sizes)
    own = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    varies = scenario.shape.endswith("within")
    group = rng.integers(0, len(scenario.sizes), len(person)) if varies else own[person]
    share, spread = scenario.right[0], (1 - scenario.alike) / scenario.alike
    rate = rng.beta(share * spread, (1 - share) * spread, len(sizes))[person]
    true = rng.integers(0, 2, len(person))
    predicted = np.where(rng.random(len(person)) < rate, true, 1 - true)
    table = counts_by_cluster(person, group, true, predicted, groups=len(scenario.sizes), classes=2)
    spec = asked(scenario) if blind else asked(scenario, cluster_counts=table)
    return fairness_measurements(table.sum(0), spec, aligned=aligned(scenario))


def draw_weights(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    group = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    rare = rng.random(len(group)) < 0.05
    weight = np.where(rare, 10.0, 1.0) if scenario.shape != "spread" else rng.gamma(1.0, 1.0, len(group))
    rate = np.where(rare, np.asarray(scenario.other)[group], np.asarray(scenario.right)[group])
    true = rng.integers(0, 2, len(group))
    predicted = np.where(rng.random(len(group)) < rate, true, 1 - true)
    flat = (group * 2 + true) * 2 + predicted
    tables = [
        np.bincount(flat, weights=part, minlength=4 * len(scenario.sizes)).reshape(-1, 2, 2)
        for part in (weight, weight**2, weight**4, np.ones(len(group)))
    ]
    return fairness_measurements(
        tables[0], asked(scenario, squared=tables[1], fourth=tables[2], images=tables[3]), aligned=aligned(scenario)
    )


def true_weights(scenario: Scenario) -> list[Measurement]:
    heavy = 0.5 / 1.45 if scenario.shape != "spread" else 0.05
    right = [(1 - heavy) * a + heavy * b for a, b in zip(scenario.right, scenario.other, strict=True)]
    return true_counts(Scenario("", "counts", scenario.sizes, tuple(right)))


def scored(scenario: Scenario, rng: np.random.Generator, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Scores [image], truth and group: calibrated, overconfident, of wrong slope, tied, with few positives."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    shape, n = scenario.shape, len(group)
    if shape.startswith("hard"):  # scores of nearly 0 and 1, wrong in a share of images
        true = rng.random(n) < 0.5
        wrong = rng.random(n) < 1 - scenario.right[0]
        return np.where(true ^ wrong, 0.99, 0.01), true, group
    if shape == "few":
        true = rng.random(n) < 0.05
        return 1 / (1 + np.exp(3.5 - 2.5 * true - rng.normal(0, 1.2, n))), true, group
    latent = rng.normal(0, 1.5, n)
    score = 1 / (1 + np.exp(-latent))
    true = rng.random(n) < 1 / (1 + np.exp(-latent / (3.0 if shape == "slope" else 1.0)))
    return (np.round(score, 1) if shape == "tied" else score), true, group


def draw_scores(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    return draw_scores_of(scenario, *scored(scenario, rng, scenario.sizes))


def draw_scores_of(scenario: Scenario, score: np.ndarray, true: np.ndarray, group: np.ndarray) -> list[Measurement]:
    return score_measurements(np.stack([1 - score, score], -1), true, group, asked(scenario))


def true_scores(scenario: Scenario) -> list[Measurement]:
    score, true, group = scored(scenario, np.random.default_rng(0), [200_000] * min(2, len(scenario.sizes)))
    small = Scenario("", "scores", scenario.sizes[:2], scenario.right)
    rows = score_measurements(np.stack([1 - score, score], -1), true, group, asked(small))
    same = {row.metric: row for row in rows if row.group == "g0"}
    found = [row.model_copy(update={"group": f"g{g}"}) for row in same.values() for g in range(len(scenario.sizes))]
    gap = [row.model_copy(update={"value": 0.0}) for row in rows if row.metric == "auc_difference"]
    return found + gap


def joint(scenario: Scenario) -> np.ndarray:
    """Probability of both models' decisions: [group, true, candidate, baseline]."""
    found = np.zeros((len(scenario.sizes), 2, 2, 2))
    for group, (old, new) in enumerate(zip(scenario.right, scenario.other, strict=True)):
        most, spread = min(old, new), np.sqrt(old * (1 - old) * new * (1 - new))
        both = min(most, old * new + scenario.alike * spread)
        table = np.array([[1 - old - new + both, old - both], [new - both, both]])  # [candidate, baseline] right
        found[group, 1], found[group, 0] = table, table[::-1, ::-1]
    return np.maximum(found, 0.0)


def draw_paired(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    shares = joint(scenario).reshape(len(scenario.sizes), 2, 4)
    counts = rng.multinomial(cells(scenario.sizes, 2), shares).reshape(-1, 2, 2, 2)
    return paired_measurements(counts, asked(scenario), baseline="old")


def true_paired(scenario: Scenario) -> list[Measurement]:
    table = joint(scenario) * cells(scenario.sizes, 2)[..., None, None]
    return paired_measurements(table, asked(scenario), baseline="old")


def draw_soft(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    score, true, group = soft_scored(scenario, rng, scenario.sizes)
    joint = sampled_joint(group, true, np.stack([1 - score, score], -1), groups=len(scenario.sizes), classes=2)
    return list(soft_rows(joint, asked(scenario), n=len(group), reason="a group has no image"))


def soft_scored(scenario: Scenario, rng: np.random.Generator, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Scores as `scored` draws them; "apart": the evidence of the first group is weaker."""
    if scenario.shape != "apart":
        return scored(scenario, rng, sizes)
    group = np.repeat(np.arange(len(sizes)), sizes)
    true = rng.random(len(group)) < 0.5
    evidence_ = np.where(group == 0, 0.7, 1.5) * np.where(true, 1, -1) + rng.normal(0, 1, len(group))
    return 1 / (1 + np.exp(-evidence_)), true, group


def true_soft(scenario: Scenario) -> list[Measurement]:
    """From many images, given to all groups alike where they do not differ; shares of groups as in the data sets."""
    sizes = np.asarray(scenario.sizes)
    apart = scenario.shape == "apart"
    rng = np.random.default_rng(0)
    each = []
    for group in range(len(sizes) if apart else 1):
        many = np.zeros(len(sizes), int)
        many[group] = 400_000
        score, true, code = soft_scored(scenario, rng, many)
        each.append(
            sampled_joint(code, true, np.stack([1 - score, score], -1), groups=len(sizes), classes=2).joint[group]
        )
    shares = (sizes / sizes.sum())[:, None, None]
    joint = SoftJoint(joint=shares * np.stack(each), covariance=None, units=0, effective=0.0, clustered=False)
    rows = soft_rows(joint, asked(scenario), n=1.0, reason="a group has no image")
    # Rounding leaves 1e-17 of a value of 0.
    return [row.model_copy(update={"value": 0.0 if (row.value or 0) < 1e-12 else row.value}) for row in rows]


def draw_paired_clusters(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    """Persons whose images agree under either model, and under both with correlation `alike`."""
    sizes = person_sizes(scenario, rng)
    person = np.repeat(np.arange(len(sizes)), sizes)
    own = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    group = rng.integers(0, len(scenario.sizes), len(person)) if scenario.shape.endswith("within") else own[person]
    common = rng.random(len(sizes)) < scenario.alike
    place = rng.random(len(sizes))
    places = (place, np.where(common, place, rng.random(len(sizes))))
    chance = rng.random(len(person))
    chances = (chance, np.where(common[person], chance, rng.random(len(person))))
    right = []
    for shares, at, draw in zip((scenario.right, scenario.other), places, chances, strict=True):
        share = np.asarray(shares)[group]
        right.append(draw < betaincinv(share, 1 - share, at[person]))  # persons agree with correlation ½
    true = rng.integers(0, 2, len(person))
    decided = [np.where(part, true, 1 - true) for part in right]
    flat = (((person * len(scenario.sizes) + group) * 2 + true) * 2 + decided[1]) * 2 + decided[0]
    shape = (len(sizes), len(scenario.sizes), 2, 2, 2)
    table = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    return paired_measurements(table.sum(0), asked(scenario, cluster_counts=table), baseline="old")


def true_paired_clusters(scenario: Scenario) -> list[Measurement]:
    return true_paired(replace(scenario, sizes=tuple(1000 * size for size in scenario.sizes)))


def controlled(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Images [control, group, true] and probabilities of decisions [control, group, true, predicted]."""
    images = np.stack([cells(scenario.sizes, 2), np.maximum(1, cells(scenario.sizes, 2) // 4)])
    return images, np.stack([decisions(scenario.right, 2), decisions(scenario.other, 2)])


def draw_within(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    counts = rng.multinomial(*controlled(scenario))
    return within_measurements(counts, asked(scenario), control="age", levels=("old", "young"))


def true_within(scenario: Scenario) -> list[Measurement]:
    images, shares = controlled(scenario)
    return within_measurements(shares * images[..., None], asked(scenario), control="age", levels=("old", "young"))


def with_ends(row: Measurement, low: float, high: float, interval: str) -> Measurement:
    return row.model_copy(update={"low": low, "high": high, "interval": interval})


def draw_naive(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    """A wrong method: the percentile bootstrap of the largest gap."""
    name = "equalized_odds_difference"
    counts = rng.multinomial(cells(scenario.sizes, 2), decisions(scenario.right, 2))
    found = bootstrap(counts, lambda c: disparities(c, [name]), strata="cell", replicates=DRAWS, generator=rng)[name]
    low, high = (float(end) for end in percentile(found))
    gap = float(disparities(counts[None].astype(float), [name])[name][0])
    number = Estimate(value=gap, low=min(low, gap), high=max(high, gap), interval="bootstrap", n=counts.sum())
    return [measurement(asked(scenario), name, number)]


def draw_unclustered(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    """A wrong method: persons' images taken for independent ones."""
    return draw_clusters(scenario, rng, blind=True)


def draw_brier(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    """A wrong method: the plain normal interval of a mean for the Brier score of a sure model."""
    score, true, group = scored(scenario, rng, scenario.sizes)
    found = []
    for row in draw_scores_of(scenario, score, true, group):
        if row.metric == "brier" and row.value is not None:
            error = (score - true)[group == int(str(row.group)[1:])] ** 2
            half = 1.96 * float(error.std(ddof=1)) / len(error) ** 0.5
            found.append(with_ends(row, max(0.0, row.value - half), row.value + half, "normal"))
    return found


def draw_means(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    """Region numbers of every image: skewed, as shares of relevance over small regions are."""
    from fairaudit.tables.reasons.regions import ImageSpec, region_measurements

    group = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    sigma = 1.0 if scenario.shape == "lognormal" else 0.0
    values = (
        rng.lognormal(0, sigma, len(group)) if sigma else (rng.random(len(group)) < 0.1) * rng.gamma(2, 1, len(group))
    )
    statistics = Statistics(replicates=DRAWS * 3, seed=int(rng.integers(1 << 30)))
    question = ImageSpec(audit="roi-metrics", region="r", statistics=statistics)
    names = tuple(f"g{number}" for number in range(len(scenario.sizes)))
    labels = Labels(name="a", values=names, codes=group)
    return region_measurements({"rrf_lift": values}, question, group=labels, target=None)


def true_means(scenario: Scenario) -> list[Measurement]:
    value = float(np.exp(0.5)) if scenario.shape == "lognormal" else 0.2
    rows = draw_means(scenario, np.random.default_rng(0))
    return [row.model_copy(update={"value": 0.0 if "contrast" in row.metric else value}) for row in rows]


def true_clusters(scenario: Scenario) -> list[Measurement]:
    return true_counts(Scenario("", "counts", (10_000,) * len(scenario.sizes), scenario.right * len(scenario.sizes)))


Draw = Callable[[Scenario, np.random.Generator], list[Measurement]]
KINDS: dict[str, tuple[Draw, Callable[[Scenario], list[Measurement]]]] = {
    "counts": (draw_counts, true_counts),
    "clusters": (draw_clusters, true_clusters),
    "weights": (draw_weights, true_weights),
    "scores": (draw_scores, true_scores),
    "soft": (draw_soft, true_soft),
    "paired": (draw_paired, true_paired),
    "paired clusters": (draw_paired_clusters, true_paired_clusters),
    "within": (draw_within, true_within),
    "rules": (draw_counts, true_counts),
    "uncorrected": (draw_counts, true_counts),
    "naive": (draw_naive, true_counts),
    "unclustered": (draw_unclustered, true_clusters),
    "plain Brier": (draw_brier, true_scores),
    "means": (draw_means, true_means),
}


# --- the grid --------------------------------------------------------------------------------------------------------

UNBALANCED = (1000, 30, 10)


def grid() -> list[Scenario]:
    """The published scenarios."""
    found = []
    for text, sizes in (
        ("2 × 200", (200, 200)),
        ("8 × 100", (100,) * 8),
        ("1000/30/10", UNBALANCED),
        ("5000 + 11 × 40", (5000, *[40] * 11)),
        ("1000/3", (1000, 3)),
    ):
        for rate in (0.5, 0.9, 0.99, 0.998):
            found.append(Scenario(f"{text}, rates {rate}", "counts", sizes, (rate,) * len(sizes)))
    found += [
        Scenario("5000/25, rates .995", "counts", (5000, 25), (0.995, 0.995)),
        Scenario("5000/60/40, rates .997", "counts", (5000, 60, 40), (0.997,) * 3),
        Scenario("1000/30/10, five classes, rates .9", "counts", UNBALANCED, (0.9,) * 3, classes=5),
        Scenario("4 × 100, five classes, rates .97", "counts", (100,) * 4, (0.97,) * 4, classes=5),
        Scenario("2 × 200, gap .1", "counts", (200, 200), (0.9, 0.8)),
        Scenario("1000/30/10, mixed .95/.65/.9", "counts", UNBALANCED, (0.95, 0.65, 0.9)),
        Scenario("1000/30/10, mixed .99/.97/.9", "counts", UNBALANCED, (0.99, 0.97, 0.9)),
        Scenario("1000/50, gap .2", "counts", (1000, 50), (0.95, 0.75)),
        Scenario("1000/30/3, worst .43", "counts", (1000, 30, 3), (0.95, 0.9, 0.43)),
        Scenario("12 × 100, rates .998", "counts", (100,) * 12, (0.998,) * 12),
        Scenario("12 × 40, mixed", "counts", (40,) * 12, tuple(np.linspace(0.7, 0.98, 12))),
        Scenario("1000/30/10, five classes, mixed", "counts", UNBALANCED, (0.95, 0.65, 0.9), classes=5),
    ]
    for shape in ("equal", "pareto", "dominant", "pareto within", "equal within"):
        for rate in (0.9,) if "within" in shape else (0.9, 0.98):
            found.append(
                Scenario(f"40 persons, {shape}, {rate}", "clusters", (40, 40), (rate,), shape=shape, alike=0.5)
            )
    found += [
        Scenario("12 persons, equal, .9", "clusters", (12, 12), (0.9,), shape="equal", alike=0.3),
        Scenario("40 persons, pareto, alike .1", "clusters", (40, 40), (0.9,), shape="pareto", alike=0.1),
        Scenario("weights of rare images, .98/.6", "weights", (400, 400), (0.98, 0.98), other=(0.6, 0.6)),
        Scenario("weights unrelated, .9", "weights", (400, 400), (0.9, 0.9), other=(0.9, 0.9)),
        Scenario("weights spread, .95", "weights", (100, 400), (0.95, 0.95), other=(0.95, 0.95), shape="spread"),
        Scenario("scores calibrated, n 30/300", "scores", (30, 300), (1.0,), shape="calibrated"),
        Scenario("scores, slope 3, n 80", "scores", (80, 80), (1.0,), shape="slope"),
        Scenario("scores tied, n 60", "scores", (60, 60), (1.0,), shape="tied"),
        Scenario("scores, overconfident, 5 % errors, n 30", "scores", (30, 30), (0.95,), shape="hard"),
        Scenario("scores, overconfident, 1 % errors, n 300", "scores", (300, 300), (0.99,), shape="hard"),
        Scenario("scores, 5 % positive, n 100", "scores", (100, 100), (1.0,), shape="few"),
        Scenario("scores, 12 × 40", "scores", (40,) * 12, (1.0,), shape="calibrated"),
    ]
    for alike in (0.5, 0.95):
        for text, sizes, old, new in (
            ("1000/50, closes .2", (1000, 50), (0.95, 0.75), (0.95, 0.95)),
            ("2 × 200, closes .2", (200, 200), (0.9, 0.7), (0.9, 0.9)),
            ("1000/30/10, worse in small", UNBALANCED, (0.95,) * 3, (0.95, 0.75, 0.7)),
            ("12 × 40, no gap", (40,) * 12, (0.9,) * 12, (0.9,) * 12),
            ("12 × 40, opens a gap", (40,) * 12, (0.9,) * 12, (0.7, *[0.9] * 11)),
        ):
            found.append(Scenario(f"paired {text}, alike {alike}", "paired", sizes, old, other=new, alike=alike))
    found += [
        Scenario("region means, lognormal, n 20/100", "means", (20, 100), (1.0,), shape="lognormal"),
        Scenario("region means, nine of ten 0, n 40/200", "means", (40, 200), (1.0,), shape="rare"),
        Scenario("region means, n 3", "means", (3, 40), (1.0,), shape="lognormal"),
        Scenario("soft, no gap, 2 × 200", "soft", (200, 200), (1.0,), shape="calibrated"),
        Scenario("soft, no gap, 1000/30/10", "soft", UNBALANCED, (1.0,), shape="calibrated"),
        Scenario("soft, no gap, few positives, 300/100", "soft", (300, 100), (1.0,), shape="few"),
        Scenario("soft, no gap, sure, 8 × 60", "soft", (60,) * 8, (0.97,), shape="hard"),
        Scenario("soft, gap, 1000/50", "soft", (50, 1000), (1.0,), shape="apart"),
        Scenario("soft, gap, 4 × 100", "soft", (100,) * 4, (1.0,), shape="apart"),
    ]
    for alike in (0.5, 0.95):
        for text, people, old, new, shape in (
            ("40 persons, equal, no gap", (40, 40), (0.9, 0.9), (0.9, 0.9), "equal"),
            ("40 persons, pareto, closes .2", (40, 40), (0.9, 0.7), (0.9, 0.9), "pareto"),
            ("100/20 persons, equal, closes .2", (100, 20), (0.95, 0.75), (0.95, 0.95), "equal"),
            ("40 persons, equal within, opens .1", (40, 40), (0.9, 0.9), (0.8, 0.9), "equal within"),
        ):
            name = f"paired {text}, alike {alike}"
            found.append(Scenario(name, "paired clusters", people, old, other=new, shape=shape, alike=alike))
    found += [
        Scenario("within a control, 2 × 400, no gap", "within", (400, 400), (0.9, 0.9), other=(0.9, 0.9)),
        Scenario("within a control, 1000/30/10, .99", "within", UNBALANCED, (0.99,) * 3, other=(0.99,) * 3),
        Scenario("within a control, 1000/100, gap in one", "within", (1000, 100), (0.95, 0.95), other=(0.95, 0.75)),
        *(
            Scenario(f"{name}: {text}", kind, sizes, right)
            for name, kind in (("several rules", "rules"), ("control, not corrected", "uncorrected"))
            for text, sizes, right in (
                ("8 × 100, .95/.85", (100,) * 8, (0.95, 0.85) * 4),
                ("1000/100/40, .97/.9/.85", (1000, 100, 40), (0.97, 0.9, 0.85)),
            )
        ),
        Scenario("control, percentile bootstrap of a gap: 8 × 100", "naive", (100,) * 8, (0.9,) * 8),
        Scenario("control, persons as images: 40 × 5", "unclustered", (40, 40), (0.9,), shape="equal", alike=0.5),
        Scenario("control, normal Brier: 1 % errors, n 300", "plain Brier", (300, 300), (0.99,), shape="hard"),
    ]
    return found


def is_control(scenario: Scenario) -> bool:
    """Whether its method is wrong on purpose, so that an error rate above the nominal one has to be found."""
    return scenario.name.startswith("control,")
