"""The one form of a text, with its comments and without changing what it means."""
