"""What model files hold, by content, and the way from each format to a module."""
