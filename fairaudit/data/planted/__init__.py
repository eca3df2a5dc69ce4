"""Data with a shortcut planted on purpose, so that what an audit should find is known."""
