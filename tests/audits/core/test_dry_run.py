"""What a run would find is counted from cells alone, and what its gate could not judge is said before it begins."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.core import dry_run
from fairaudit.config.schema import Config
from fairaudit.data.categorical import Categorical
from fairaudit.errors import DataError
from fairaudit.measures.clusters.partition import partition

ROWS = 60
DRAW = np.random.default_rng(3)
TARGET, HAT, PERSON = DRAW.integers(-1, 2, ROWS), DRAW.integers(-1, 2, ROWS), DRAW.integers(0, 12, ROWS)


class Sized(SimpleNamespace):
    def __len__(self):
        return ROWS


def column(name, codes):
    return Categorical(name=name, values=("0", "1"), codes=np.asarray(codes, np.int32))


def study(*rules, people=None, regions=("tie",)):
    config = Config.model_validate(
        {"data": {"manifest": "t.csv", "target": "y", "attributes": ["hat"]}, "audit": {"attribute": "hat"},
         "gates": list(rules)}
    )  # fmt: skip
    return SimpleNamespace(
        config=config,
        manifest=Sized(attributes={"hat": column("hat", HAT)}, name="t.csv"),
        target=column("y", TARGET),
        regions=regions,
        clusters=lambda rows: None if people is None else partition(people[rows]),
    )


@pytest.fixture
def tables(monkeypatch):
    """The tables that detectable gaps are asked for, [group, true]."""
    asked = []
    monkeypatch.setattr(dry_run, "detectable_gaps", lambda table, **_: asked.append(np.asarray(table)) or {"tpr": 0.2})
    return asked


def counted(pairs):
    return [[sum(pair == (g, t) for pair in pairs) for t in (0, 1)] for g in (0, 1)]


def test_gaps_are_of_the_images_of_every_cell(tables):
    assert dry_run._detectable(study(), alike=False) == {"hat": {"tpr": 0.2}}
    assert tables[0].tolist() == counted(list(zip(HAT, TARGET, strict=True)))


def test_alike_images_of_a_person_count_once_in_every_cell(tables):
    dry_run._detectable(study(people=PERSON), alike=True)
    assert tables[0].tolist() == counted([(g, t) for _, g, t in set(zip(PERSON, HAT, TARGET, strict=True))])
    assert tables[0].sum() < ((HAT >= 0) & (TARGET >= 0)).sum()


def test_a_gap_that_none_would_show_is_null(monkeypatch):
    monkeypatch.setattr(dry_run, "detectable_gaps", lambda table, **_: {"tpr": float("nan")})
    assert dry_run._detectable(study(), alike=False) == {"hat": {"tpr": None}}


GAP = {"metric": "equalized_odds_difference", "max": 0.1}


@pytest.mark.parametrize(
    ("rule", "judged"),
    [
        (GAP, True),
        ({**GAP, "attribute": "hat"}, True),
        ({**GAP, "attribute": "skin"}, False),
        ({**GAP, "region": "tie"}, True),
        ({**GAP, "region": "mouth"}, False),
        ({"metric": "rrf_lift", "max": 1.5}, False),  # a metric of another command
    ],
)
def test_rules_that_could_not_be_judged_are_named(rule, judged):
    plan = SimpleNamespace(metrics={"equalized_odds_difference"}, verdicts_for=dry_run.no_verdicts)
    left = dry_run._not_judged(study(rule), plan)
    assert len(left) == (not judged)
    assert all(rule["metric"] in text for text in left)


def with_images(rows):
    made = study()
    kept = set(rows)

    class Batch(list):
        @property
        def rows(self):
            return np.array(self)

    made.material = SimpleNamespace(loader=SimpleNamespace(load=lambda rows: Batch(r for r in rows if r in kept)))
    return made


def test_the_probe_is_the_first_rows_that_can_be_audited():
    assert dry_run._auditable(with_images(range(ROWS))) == list(range(dry_run.PROBE))
    assert dry_run._auditable(with_images([37, 40, 59])) == [37, 40]  # of the third sixteen rows
    with pytest.raises(DataError, match="Not one row can be audited"):
        dry_run._auditable(with_images([]))
