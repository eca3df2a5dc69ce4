"""Manifests, known dataset layouts, decoding, preprocessing, regions and synthetic data."""
