"""The commands of `tuicnn`."""
