"""Plan, chunk, run store and the local runner: a map over chunks and an ordered reduce."""
