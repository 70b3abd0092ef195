"""A text, its tokens, its grammar and its tree: what is written, before anything is said of it."""
