"""Intervals, tests, corrections and power."""
