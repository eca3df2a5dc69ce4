"""Fit mitigation methods, compare them by outcome and by reason, and write and audit the best."""
