"""The texts of the registry of metrics, one file per family."""
