"""One file per subcommand: parse, call, render, exit. Nothing here imports torch at start-up."""
