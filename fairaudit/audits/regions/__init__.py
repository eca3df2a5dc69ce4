"""Relevance in regions, of models and of stored maps."""
