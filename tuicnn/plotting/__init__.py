"""Figures of a run for a paper or a talk, drawn with matplotlib, which is an extra."""
