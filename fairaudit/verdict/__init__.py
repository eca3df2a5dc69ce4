"""Legs in, joint verdict out: see README.md in this folder."""
