"""Means over images or over clusters of images."""
