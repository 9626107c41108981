"""Files of personal data: their modes give rights to the owner alone, and they appear whole.

New files are private by the mask; files that an earlier run left more open are tightened when they
are used. SQLite gives the files beside a database the mode of that database. The module stands
alone because every command sets the mask before it imports anything slow.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final

OTHERS: Final = 0o077
"""The rights of everybody but the owner."""

BESIDE: Final = ("", "-wal", "-shm")
"""The suffixes of a SQLite database and of the files beside it."""


def set_private_umask() -> None:
    """Give nobody else a right to files that this process makes from now on."""
    os.umask(OTHERS)


def restrict_file(path: Path) -> None:
    """Remove the rights of others to a file or directory that exists and is ours."""
    with suppress(OSError):  # Opening it will report the error.
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)


def restrict_database(path: Path) -> None:
    """Remove the rights of others to a SQLite database and the files beside it.

    A directory that was named by mistake, such as /tmp, is everybody's.
    """
    for suffix in BESIDE:
        file = path.with_name(path.name + suffix)
        if file.is_file():
            restrict_file(file)


@contextmanager
def replacing(
    path: Path, mode: int | None = None, *, keeps_link: bool = True
) -> Iterator[IO[bytes]]:
    """A file that takes its name once it is whole and on disk; nothing is left of another.

    The file is the owner's alone, unless a mode is given. A link that a person named stays one;
    one under a name that we make (`keeps_link=False`) is replaced: whoever may write into the
    folder would choose which file we write.

    Raises:
        OSError: it cannot be written, or not take the name, such as that of a device.
    """
    path = path.resolve() if keeps_link else path
    if path.exists() and not path.is_file() and not path.is_symlink():
        # A device would be replaced by a file.
        what = "is a directory" if path.is_dir() else "is no regular file"
        raise OSError(errno.EINVAL, what, str(path))
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            yield part
            part.flush()
            if mode is not None:
                os.fchmod(part.fileno(), mode)
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(part.name).unlink()
            raise
