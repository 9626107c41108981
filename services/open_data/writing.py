"""A file of grants as the schema has it: CSV by commas (RFC 4180), UTF-8, no byte order mark."""

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from events.texts import _, verbatim
from services.open_data.fields import NAMES, Row
from services.runtime.ops.errors import Stop

NO_FILE: Final = _("this is no regular file")

PUBLIC: Final = 0o644
"""The mode of a file that is to be published: everybody may read it."""


def rows_to(stream: TextIO) -> Callable[[Row], object]:
    """Write the header; what is returned writes a row."""
    writer = csv.DictWriter(stream, NAMES, lineterminator="\r\n")
    writer.writeheader()
    return writer.writerow


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[Row], object]]:
    """Rows into a file that takes its place when all are there; else what stood there stays.

    So a file may be cleaned in its own place. A link stays one.

    Raises:
        Stop: it cannot be written.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise Stop(path, NO_FILE)  # A device would be replaced by a file.
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise Stop(path, verbatim(error)) from error
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield rows_to(stream)
            stream.flush()
            os.fchmod(descriptor, PUBLIC)
            os.fsync(descriptor)
        beside.replace(path)
    except OSError as error:
        raise Stop(path, verbatim(error)) from error
    finally:
        beside.unlink(missing_ok=True)
