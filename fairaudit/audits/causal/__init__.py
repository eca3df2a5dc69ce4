"""Interventions: what replacing a region changes."""
