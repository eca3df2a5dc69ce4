"""Counterfactual alignment: what else changes when the evidence for one output is taken away."""
