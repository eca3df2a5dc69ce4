"""Functions of the counts of group, true class and predicted class."""
