"""Generators: train one, inspect one, interpolate between values of an attribute."""
