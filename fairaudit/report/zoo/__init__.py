"""One page over several models: a row each, worst first, as text, Markdown, CSV, JSON and HTML."""
