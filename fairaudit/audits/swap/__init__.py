"""Content swap: whose content in a region changes the decision, that of other groups or anybody's."""
