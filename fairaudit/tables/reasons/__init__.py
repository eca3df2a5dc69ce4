"""Reasons: what regions, cues, content swaps and counterfactual directions say about a model's decisions."""
