"""Generators: encode an image, decode a latent; load a user's own or train a built-in one."""
