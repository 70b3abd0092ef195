"""Groups of processes that do one step together."""
