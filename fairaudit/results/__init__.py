"""The results: measurements, the report and strict JSON."""
