"""Tokens to tree: the statements of a text, and messages for what the grammar does not accept."""
