"""Legs in, joint verdict out."""
