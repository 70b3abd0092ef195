"""What the numbers that choose how to train may be, in a file, on the command line and in a run's folder; how long a
`.net` file may be.
"""

from tuicnn.records import Between

__all__ = ["BATCH", "EPOCHS", "LIMIT", "NET_BYTES", "SEED", "THREADS"]

EPOCHS = Between(1, 100_000)
BATCH = Between(1, 65_536)
SEED = Between(0, 2**63 - 1)
LIMIT = Between(1, 2**31 - 1)
THREADS = Between(1, 1024)
#: of a `.net` file; a network of ten thousand lines has half of that
NET_BYTES = 1_000_000
