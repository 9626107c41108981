"""An answer that is kept for a moment: many ask at once, and one look serves them all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from services.api.adapters.clock import Clock

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
