"""Recovery from syntax errors: each is reported with its edits, and read as it was meant."""
