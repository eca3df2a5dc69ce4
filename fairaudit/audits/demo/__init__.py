"""The demonstration: a planted shortcut is found, and a model without it is cleared."""
