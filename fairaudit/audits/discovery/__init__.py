"""Windows where relevance differs between groups, and their confirmation."""
