"""Secrets in files that ECLUSE_…_FILE names, read again where a file changes."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from pydantic import SecretStr

from services.runtime.ops.settings import variable

CHECK_EVERY_S: Final = 10.0
"""Time between two looks at a file, and so until a change is taken: one look sees it, the next one
that it is over."""

BYTES_MAX: Final = 64 * 1024

log: Final = structlog.stdlib.get_logger("ecluse.settings")

Signature = tuple[int, int, int]
"""What changes with a file: its inode, its size, the time of its last change."""


class Secret:
    """The value of a setting, as its file has it now; of a variable, as it was at the start.

    A file that is away, empty, too large or being written leaves the value as it was.
    """

    def __init__(
        self, name: str, first: SecretStr | None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        named = os.environ.get(f"{variable(name)}_FILE")
        self._name = name
        self._file = Path(named) if named else None
        self._value = first
        self._clock_s = clock_s
        self._checked_s = clock_s()
        self._taken = self._seen = self._signature()

    def value(self) -> str | None:
        """The secret; None where there is none."""
        if self._file is not None and self._clock_s() - self._checked_s >= CHECK_EVERY_S:
            self._checked_s = self._clock_s()
            self._check(self._file)
        return None if self._value is None else self._value.get_secret_value()

    def _check(self, file: Path) -> None:
        found = self._signature()
        is_settled, self._seen = found == self._seen, found
        if found == self._taken or not is_settled:
            return
        self._taken = found
        try:
            text = _read(file)
        except (OSError, ValueError) as error:
            log.warning("secret_file_not_taken", setting=variable(self._name), error=str(error))
            return
        self._value = SecretStr(text)
        log.info("secret_file_taken", setting=variable(self._name))

    def _signature(self) -> Signature | None:
        """None: there is no such file now."""
        try:
            found = None if self._file is None else self._file.stat()
        except OSError:
            return None
        return found and (found.st_ino, found.st_size, found.st_mtime_ns)


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
