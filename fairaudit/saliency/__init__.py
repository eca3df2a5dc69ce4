"""One file per attribution method, the reduction of maps, faithfulness and sanity checks."""
