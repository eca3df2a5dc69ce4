"""One file per mitigation method."""
