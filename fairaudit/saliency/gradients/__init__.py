"""Attribution by gradients and by integrals of them along paths."""
