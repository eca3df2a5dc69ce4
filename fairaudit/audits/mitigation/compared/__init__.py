"""From columns of every variant to the comparison: numbers, paired changes, verdicts, tables and pictures."""
