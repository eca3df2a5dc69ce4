"""Relevance and scores in regions of an image."""
