"""The machine around us: memory and processors, files that others may have replaced, text fit for a terminal."""
