"""Secrets in files that ECLUSE_…_FILE names, read again where a file changes."""

import os
from pathlib import Path
from typing import Final

import structlog
from pydantic import SecretStr

from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import variable

WRITING_S: Final = 2.0
"""Time since the last change of a file in which somebody may still be writing it."""

BYTES_MAX: Final = 64 * 1024

log: Final = structlog.stdlib.get_logger("ecluse.settings")

Signature = tuple[int, int, int]
"""What changes with a file: its inode, its size, the time of its last change."""


class Secret:
    """The value of a setting, as its file has it now; of a variable, as it was at the start.

    A file that is away, empty, too large or being written leaves the value as it was.
    """

    def __init__(self, name: str, first: SecretStr | None) -> None:
        named = os.environ.get(f"{variable(name)}_FILE")
        self._name = name
        self._file = Path(named) if named else None
        self._value = first
        self._taken: Signature | None = None

    def value(self) -> str | None:
        """The secret; None where there is none."""
        if self._file is not None:
            self._check(self._file)
        return None if self._value is None else self._value.get_secret_value()

    def _check(self, file: Path) -> None:
        try:
            found = file.stat()
        except OSError:
            signature = None
        else:
            signature = found.st_ino, found.st_size, found.st_mtime_ns
            if 0 <= wall_clock() - found.st_mtime < WRITING_S:
                return
        if signature == self._taken:
            return
        self._taken = signature
        try:
            text = SecretStr(_read(file))
        except (OSError, ValueError) as error:
            log.warning("secret_file_not_taken", setting=variable(self._name), error=str(error))
            return
        if text != self._value:
            log.info("secret_file_taken", setting=variable(self._name))
        self._value = text


def _read(file: Path) -> str:
    """The text of a file, without the end of its line.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty, too large, or no text.
    """
    with file.open("rb") as opened:
        content = opened.read(BYTES_MAX + 1)
    text = content.decode(errors="replace").strip()
    if not text or len(content) > BYTES_MAX or "\ufffd" in text:
        raise ValueError("it is empty, too large, or no text")
    return text
