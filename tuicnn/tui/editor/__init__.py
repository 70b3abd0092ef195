"""What an editor of nets holds: the text, its file, its colours, what the language says of it. Knows no widget."""
