"""The operating system: memory, processors, processes, safe reading and writing of files, text safe for a terminal."""
