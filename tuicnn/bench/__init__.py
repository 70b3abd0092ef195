"""How fast this engine is on this machine, and beside PyTorch; `tuicnn bench` shows it."""
