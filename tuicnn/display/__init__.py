"""Numbers, scales, verdicts and summaries as text and cells: what screens and commands show alike; no Textual."""
