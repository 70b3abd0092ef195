"""A run's life: its folder, lock, journal and checkpoints on disk."""
