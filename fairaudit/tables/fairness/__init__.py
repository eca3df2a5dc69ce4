"""Outcomes: rates, disparities, scores and information theory of one model, with intervals that keep their level."""
