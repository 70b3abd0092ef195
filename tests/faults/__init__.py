"""What can happen to a run, done to real processes: terminals, connections, other users, clocks."""
