"""Known dataset layouts, one file each, and their registry."""
