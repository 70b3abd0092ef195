"""A run's life on disk: its folder, its lock, its journal, its checkpoints.

`prepared.begin`, `resuming.resume` and `warm.warm` give a run that a process may train. `worker.launch` starts that
process, in which `recorder` writes down what happens; `worker.stopping` ends it. `finding` and `status` tell which
runs there are and how they stand.
"""
