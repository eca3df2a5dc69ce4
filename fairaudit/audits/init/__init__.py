"""A first configuration: looks at a model and at data, and proposes what an audit of them would need."""
