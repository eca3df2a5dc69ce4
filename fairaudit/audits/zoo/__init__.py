"""Many models on the same data: which files are meant, one after the other or side by side, and one page over all."""
