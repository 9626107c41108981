"""A file of grants as the schema has it: CSV by commas (RFC 4180), UTF-8, no byte order mark."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from services.open_data.fields import NAMES, Row
from services.runtime.ops import file_modes
from services.runtime.ops.errors import Stop
from services.texts.system_errors import error_text

PUBLIC: Final = 0o644
"""The mode of a file that is to be published: everybody may read it."""


def row_writer(stream: TextIO) -> Callable[[Row], object]:
    """Write the header; what is returned writes a row."""
    writer = csv.DictWriter(stream, NAMES, lineterminator="\r\n")
    writer.writeheader()
    return writer.writerow


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[Row], object]]:
    """Rows into a file that takes its place when all are there; else what stood there stays.

    So a file may be cleaned in its own place.

    Raises:
        Stop: it cannot be written.
    """
    try:
        with file_modes.replacing(path, PUBLIC) as part:
            stream = TextIOWrapper(part, encoding="utf-8", newline="")
            yield row_writer(stream)
            stream.flush()
            stream.detach()
    except OSError as error:
        raise Stop(path, error_text(error)) from error
