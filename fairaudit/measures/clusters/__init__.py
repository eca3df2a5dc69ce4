"""Partitions into clusters, and what clusters do to intervals."""
