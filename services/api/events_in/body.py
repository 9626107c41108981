"""The body of a large request: in memory, or in a temporary file of which there are few at once."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

import structlog
from fastapi import Request

from events.texts import _
from services.api.access.caller import Caller
from services.api.http.components import Components
from services.api.problems import Kind, Problem

IN_MEMORY_BYTES: Final = 1024 * 1024
"""A body up to here stays in memory; a larger one waits in a temporary file, and takes a slot."""

DISK_FULL: Final = Kind(
    "disk_full",
    507,
    _("No room for the request"),
    _("The server has no room left to take in a request of this size: nothing was published."),
    _("Send it again later or split it; if it lasts, tell the operator (the API's /tmp is full)."),
)

log: Final = structlog.stdlib.get_logger("ecluse.api")


@asynccontextmanager
async def body_of(
    request: Request, caller: Caller, components: Components
) -> AsyncGenerator[BinaryIO]:
    """The body, read to its end, until the end of the block; it stands at its end.

    Raises:
        Problem: 507, there is no room; 429, too many large ones are being read.
    """
    with _a_file() as body, ExitStack() as slot:
        async for chunk in request.stream():
            if body.tell() <= IN_MEMORY_BYTES < body.tell() + len(chunk):
                slot.enter_context(components.upload_slots.taken(caller.name))
            _write(body, chunk)
        _write(body)
        yield body


@contextmanager
def _a_file() -> Iterator[BinaryIO]:
    """A file in memory, on the disk from a size on; what it could not keep is said by `_write`."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 # closed below
    try:
        yield cast(BinaryIO, file)
    finally:
        with suppress(OSError):
            file.close()


def _write(body: BinaryIO, chunk: bytes | None = None) -> None:
    """Write this, or what waits in buffers.

    Raises:
        Problem: 507, there is no room.
    """
    try:
        if chunk is None:
            body.flush()
        else:
            body.write(chunk)
    except OSError as error:
        log.warning("upload_not_kept", error=error.strerror or str(error))
        raise Problem(DISK_FULL) from error
