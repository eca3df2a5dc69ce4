"""Any model as an equal eager graph of modules that can be hooked, proven equal."""
