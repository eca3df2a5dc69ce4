"""Numbers in, measurements out: the rows of a report."""
