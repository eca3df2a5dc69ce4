"""Relative change under counterfactuals and the alignment of outputs."""
