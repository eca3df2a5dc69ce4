"""Flips of an attribute by exact twins or by a conditional VAE."""
