"""The joint verdict: outcome, relevance and intervention of the same images."""
