"""Files for their owner's eyes alone: what is kept holds personal data.

What is made is private by the mask; what an earlier run left more open is tightened when it is
used. SQLite gives the files beside a database the mode of that database.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

OTHERS: Final = 0o077
"""The rights of everybody but the owner."""

BESIDE: Final = ("", "-wal", "-shm")
"""What the names of a SQLite database and of the files beside it end in."""


def be_private() -> None:
    """Give nobody else a right to what this process makes from now on."""
    os.umask(OTHERS)


def tighten(path: Path) -> None:
    """Take the rights of others to a file or directory, where it is there and ours to change."""
    with suppress(OSError):  # Whoever opens it is told what is wrong with it.
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)


def tighten_database(path: Path) -> None:
    """The same for a SQLite database and what stands beside it."""
    for suffix in BESIDE:
        tighten(path.with_name(path.name + suffix))
