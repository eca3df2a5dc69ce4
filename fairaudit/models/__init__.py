"""Open a model file, lift it to modules, read its outputs."""
