"""Counterfactual images along generators, and what classifiers say about them."""
