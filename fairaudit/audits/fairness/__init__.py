"""Group fairness of a model or of a table of predictions."""
