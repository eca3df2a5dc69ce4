"""Arrays in, numbers out. No input or output, no torch modules."""
