"""A text, its tokens, its grammar and its tree."""
