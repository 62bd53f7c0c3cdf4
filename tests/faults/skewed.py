"""The command line on a machine whose clock is wrong: `python -m tests.faults.skewed S J ...`.

The clock is S seconds off; at every Jth time that it is read, it goes back by an hour once
more (0: never). It is replaced before anything of the product is imported.
"""

import sys
import time

skew, jumps_every = float(sys.argv.pop(1)), int(sys.argv.pop(1))
true_time, reads = time.time, 0


def wrong_time():
    """Return the time that this machine believes in."""
    global reads
    reads += 1
    back = 3600 * (reads // jumps_every) if jumps_every else 0
    return true_time() + skew - back


time.time = wrong_time
time.time_ns = lambda: int(wrong_time() * 1e9)

if __name__ == "__main__":
    from reconciler.cli.main import entry

    entry()
