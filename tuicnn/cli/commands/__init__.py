"""The commands of `tuicnn`: every module here is imported when the program starts, and registers its commands."""
