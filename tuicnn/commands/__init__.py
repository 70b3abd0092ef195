"""The commands, one function each; what they print is made in `tuicnn.console`."""
