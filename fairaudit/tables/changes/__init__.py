"""A candidate against a baseline on the same images: changes of counts, of scores and of disparities."""
