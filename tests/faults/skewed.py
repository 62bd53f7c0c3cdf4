"""A clock that is wrong: off by so much, and going back by an hour again and again."""

import time

HOUR_S = 3600


def wrong_clock(skew_s, jumps_every):
    """Let this process believe in a time that is off, from now on.

    At every `jumps_every`th time that it is read, the clock goes back by one more hour (0: never).
    """
    true_time, reads = time.time, 0

    def wrong_time():
        nonlocal reads
        reads += 1
        back_s = HOUR_S * (reads // jumps_every) if jumps_every else 0
        return true_time() + skew_s - back_s

    time.time = wrong_time
    time.time_ns = lambda: int(wrong_time() * 1e9)
