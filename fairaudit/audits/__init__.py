"""The audits, one room each: audit (a batch to columns), read (columns to rows), figures (rows to pictures)."""
