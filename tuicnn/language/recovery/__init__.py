"""Mistakes in the form of a text: each is reported with its edits, and read as it was meant."""
