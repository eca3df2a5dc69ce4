"""The last layer on balanced rows, against scikit-learn."""

from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fairaudit.mitigation.methods.dfr import dfr


def test_where_cells_are_even_it_is_ridge_regression_on_standardised_features(linear):
    """Mean loss + λ ‖W‖² is scikit-learn's with C = 1 / (2 λ n); every balanced subset is the whole part."""
    task = replace(linear, strength=0.1)
    samples = task.balanced.samples
    x, y = samples.images.double().flatten(1).numpy(), samples.target.numpy()
    scaled = StandardScaler().fit_transform(x)
    oracle = LogisticRegression(C=1 / (2 * 0.1 * len(y)), tol=1e-10).fit(scaled, y)
    edit = dfr(task)
    found = x @ edit.weight[0].numpy() + float(edit.bias[0])
    np.testing.assert_allclose(found, oracle.decision_function(scaled), atol=1e-4)
