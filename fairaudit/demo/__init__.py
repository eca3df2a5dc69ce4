"""Small worlds with a known answer: data drawn, models trained, ready to be audited."""
