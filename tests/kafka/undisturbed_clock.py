"""A clock for times that the product promises, on a machine that does much else."""

import time
from pathlib import Path
from typing import Final

PRESSURE: Final = Path("/proc/pressure/cpu")


def undisturbed_s() -> float:
    """Seconds that pass only while no process of this machine waits for a processor.

    Linux counts them in microseconds; where it does not, these are seconds as others.
    """
    if not PRESSURE.exists():
        return time.monotonic()
    some = PRESSURE.read_text().splitlines()[0]
    return time.monotonic() - int(some.rpartition("total=")[2]) / 1e6
