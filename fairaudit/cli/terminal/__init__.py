"""The terminal as it really is: streams, errors as one paragraph, progress, interrupts."""
