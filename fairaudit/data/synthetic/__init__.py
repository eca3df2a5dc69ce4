"""Drawn faces with exact twins: the data of the demo, whose truth is known."""
