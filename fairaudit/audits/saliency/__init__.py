"""Attribution maps, and whether they may be believed."""
