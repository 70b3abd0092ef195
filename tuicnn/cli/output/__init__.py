"""What the commands print: tables, progress, JSON."""
