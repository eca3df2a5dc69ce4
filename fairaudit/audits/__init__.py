"""One file per subcommand: what an audit maps over a chunk and what it makes of the reduced total."""
