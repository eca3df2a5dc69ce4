"""Figures as PNG bytes, drawn without any global state."""
