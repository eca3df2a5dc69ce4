"""From the options of a command to a run and its output."""
