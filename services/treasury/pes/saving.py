"""A PES file on disk: under its name there is all of it, or nothing."""

from pathlib import Path

from services.runtime.ops.file_modes import replacing
from services.treasury.pes.writer import PesFile


def save(file: PesFile, path: Path) -> Path:
    """Write a file at this path, or under its own name in this directory; return where.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    is_folder = path.is_dir()
    target = path / file.name if is_folder else path
    with replacing(target, keeps_link=not is_folder) as part:
        part.write(file.content)
    return target
