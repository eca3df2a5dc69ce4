"""From the options of a command to a run and to what is shown of it."""
