"""A PES file on disk: under its name there is all of it, or nothing."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from services.treasury.pes.writer import PesFile


def save(file: PesFile, path: Path) -> Path:
    """Write a file at this path, or under its own name in this directory; return where.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    target = path / file.name if path.is_dir() else path
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(file.content)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(target)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(part.name).unlink()
            raise
    return target
