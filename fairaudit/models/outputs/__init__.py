"""What a model's outputs are and how they are read: logits, probabilities, labels, heads."""
