"""Methods that change a classifier so that it relies less on an attribute: one file per method, one protocol."""
