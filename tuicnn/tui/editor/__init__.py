"""What an editor of nets holds, apart from how it is drawn: the text, its file, its colours and its analysis."""
