"""What every audit shares: the stream of batches, the run, the plan, the report, the trial of methods."""
