"""The one place where chance enters the API: keys and the names of requests."""

import secrets  # noqa: TID251 # here it enters, and nowhere else in the API
from typing import Final

REQUEST_ID_BYTES: Final = 8


def make_secret(bytes_count: int) -> str:
    """A text that nobody can guess, of the letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(bytes_count)


def some_bytes(count: int) -> bytes:
    """Bytes that nobody can guess."""
    return secrets.token_bytes(count)


def make_unique_name(bytes_count: int = REQUEST_ID_BYTES) -> str:
    """A name that nothing else has, of hexadecimal digits."""
    return secrets.token_hex(bytes_count)
