"""Prune a bias out of a model, and audit both models."""
