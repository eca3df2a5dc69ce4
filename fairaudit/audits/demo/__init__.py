"""The demonstration: a planted shortcut, found, and a model without it, cleared."""
