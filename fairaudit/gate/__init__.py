"""Rules over measurements: pass, fail, inconclusive, incomplete. No torch here."""
