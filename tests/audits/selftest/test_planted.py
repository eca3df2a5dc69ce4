"""Right decisions where the planted value goes with the class, and elsewhere, by counting."""

from types import SimpleNamespace

import numpy as np

from fairaudit.audits.selftest.planted import COUNTS, PlantedAudit, planted_counts


def test_counts():
    codes, target = np.array([0, 1, 0, 1, 1]), np.array([0, 1, 1, 1, 0])
    study = SimpleNamespace(target=SimpleNamespace(codes=target), codes=lambda name, rows: codes[rows])
    rows = np.array([0, 2, 3, 4])
    part = PlantedAudit().map(
        SimpleNamespace(
            candidate=SimpleNamespace(decisions=np.array([0, 0, 0, 0])), batch=SimpleNamespace(target=target[rows])
        )
    )
    assert part.columns["right"].tolist() == [True, False, False, True]
    found = planted_counts(SimpleNamespace(part=part, study=study, rows=rows), "tie")
    # Rows 0 and 3 are aligned, one of them right; rows 2 and 4 conflict, one of them right.
    assert found == dict(zip(COUNTS, (1, 2, 1, 2), strict=True))
    assert PlantedAudit().settings() == {}
    assert PlantedAudit().measure(None).measurements == ()
