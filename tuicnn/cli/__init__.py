"""The program `tuicnn`: its commands take arguments in and give exit codes out; `output` prints."""
