"""Text to tree: reading, cutting into statements, parsing; what cannot be parsed is said in words."""
