"""Tokens to tree: the statements of a text, and what is said where the grammar cannot read on."""
