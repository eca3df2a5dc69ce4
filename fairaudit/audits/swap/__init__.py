"""Content swap: whose content in a region moves the decision, the other groups' or anybody's."""
