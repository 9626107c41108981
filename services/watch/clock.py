"""The one place where time enters the watch: ages, deadlines and the last hour go by it."""

import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]
"""What tells the time in seconds since 1970; a test turns one by hand."""

the_clock_on_the_wall: Final[Clock] = time.time  # noqa: TID251 # here it enters, and nowhere else
