"""The configuration: the schema of fairaudit.yaml and its loading."""
