"""Layer-wise relevance propagation: rules, composites and the graph they run on."""
