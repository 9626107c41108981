"""File modes that give rights to the owner alone: the data is personal.

New files are private by the mask; files that an earlier run left more open are tightened when they
are used. SQLite gives the files beside a database the mode of that database.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

OTHERS: Final = 0o077
"""The rights of everybody but the owner."""

BESIDE: Final = ("", "-wal", "-shm")
"""The suffixes of a SQLite database and of the files beside it."""


def be_private() -> None:
    """Give nobody else a right to files that this process makes from now on."""
    os.umask(OTHERS)


def tighten(path: Path) -> None:
    """Remove the rights of others to a file or directory that exists and is ours."""
    with suppress(OSError):  # Opening it will report the error.
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)


def tighten_database(path: Path) -> None:
    """The same for a SQLite database and the files beside it."""
    for suffix in BESIDE:
        tighten(path.with_name(path.name + suffix))
