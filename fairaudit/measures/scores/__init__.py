"""Functions of scores: ranking, calibration, thresholds."""
