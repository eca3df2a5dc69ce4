"""What was asked for: the schema of fairaudit.yaml and its loading."""
