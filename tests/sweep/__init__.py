"""Sweeps: what varies, which variants are trained on, and that no death changes the table."""
