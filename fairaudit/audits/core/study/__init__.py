"""What is studied: data, models and settings of one run, with its rows, groups and attribution methods."""
