"""Changing pixels on purpose: what a model does when a region's content is gone."""
