"""Clock and chance: both enter the API here, and nowhere else; answers cached by that clock.

A module of its own, so that a reader, and a linter, finds each place where they enter.
"""

import asyncio
import secrets  # noqa: TID251 # here it enters, and nowhere else in the API
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

Clock = Callable[[], datetime]
"""Clock, with its offset; a test advances one by hand."""


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 # here it enters, and nowhere else in the API


Answer = TypeVar("Answer")


class TtlCache(Generic[Answer]):
    """The last answer, until it is `kept_s` old; then the next caller fetches it."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Answer]],
        clock: Clock,
        kept_s: Callable[[Answer], float],
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept_s = kept_s
        self._slot = asyncio.Lock()
        self._found: tuple[Answer, float] | None = None

    async def __call__(self) -> Answer:
        async with self._slot:
            if self._found is not None:
                answer, fetched_s = self._found
                # A clock that was put back is no reason to look less often.
                if 0 <= self._clock().timestamp() - fetched_s < self._kept_s(answer):
                    return answer
            answer = await self._fetch()
            # Counted from its end: those who waited for a long look take what it found.
            self._found = answer, self._clock().timestamp()
            return answer


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
