"""Pruning a bias out of a trained model (FFW, ECCV 2024): gates, search, controls, probes and export."""
