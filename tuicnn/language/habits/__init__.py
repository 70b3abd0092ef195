"""The second reading of a text that has problems: what people write out of habit is told, and read as meant."""
