"""What the commands print: tables and lines for people, objects for programs."""
