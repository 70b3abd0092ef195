"""Sweeps: variants of a net, each trained with several seeds; the best of them longer, by successive halving.

`variants` reads `--set`, `planning` checks the variants and says what they cost. A `SweepFolder` keeps a sweep as one
file, written once, and an ordinary run for each trial; `standing` tells from their journals how it stands, and
`halving` decides by that how long each variant is trained. `controller` sees to it, by a crew that trains: `local`.
"""
