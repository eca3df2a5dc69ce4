"""What was found: measurements, the report and strict JSON."""
