"""The engine: a plan made executable, its weights, a training step, and the processes that share one."""
