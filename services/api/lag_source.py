"""Asks the watches who is behind: each within a moment, and their answers kept for another."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar

import aiohttp
import structlog

from services.api.adapters.clock import Clock
from services.api.adapters.http_fetch import body_of
from services.api.adapters.ports import LagSource
from services.api.adapters.ttl_cache import Kept
from services.api.lag_board import Board, read_board
from services.api.lag_history import History, Hour, read_history, the_hour
from services.api.lag_merged import NO_ANSWER, UNREADABLE, Answer, Lag, lag_of

ANSWER_S: Final = 3.0
"""How long a watch may take; then it does not answer."""

KEPT_S: Final = 1.0
"""How long an answer is kept: many pages ask at once."""

AWAY_S: Final = 5.0
"""How long that a watch gives none is kept: nobody waits again for one that is away."""

HOUR_KEPT_S: Final = 5.0
"""The same of the last hour, which is a look longer every ten seconds."""

BYTES_MAX: Final = 4 * 1024 * 1024

Said = TypeVar("Said", Board, History)

log: Final = structlog.stdlib.get_logger("ecluse.api")


def lag_source(addresses: Sequence[str], clock: Clock) -> LagSource:
    """Who is asked: the watches at these addresses, or nobody where there are none."""
    return WatchLag(addresses, clock) if addresses else Unwatched("nobody")


class Unwatched:
    """Nobody to ask, and why."""

    def __init__(self, asks: Literal["nobody", "one_process"]) -> None:
        self._lag = Lag(asks)

    async def __call__(self) -> Lag:
        """That there is nobody."""
        return self._lag

    async def hour(self) -> Hour | None:
        """Nobody knows."""
        return None


class WatchLag:
    """Asks every watch, and remembers what each last said."""

    def __init__(self, addresses: Sequence[str], clock: Clock) -> None:
        self._addresses = tuple(addresses)
        self._clock = clock
        self._boards: dict[str, Board] = {}
        self._hours: dict[str, History] = {}
        self._wrong: dict[str, str | None] = {}
        """By watch, what was wrong when it was last asked: it is logged when that changes."""
        self._now = Kept(self._look, clock, _kept_s)
        self._back = Kept(self._look_back, clock, lambda _: HOUR_KEPT_S)

    async def __call__(self) -> Lag:
        """Who is behind; of watches that do not answer what they last said, as old."""
        return lag_of(await self._now(), self._clock())

    async def hour(self) -> Hour | None:
        """The last hour; None where no watch ever told one."""
        return the_hour(await self._back(), self._clock())

    async def _look(self) -> Sequence[Answer]:
        found = await self._all("/lag", read_board, self._boards)
        return [
            Answer(address, self._boards.get(address), wrong) for address, wrong in found.items()
        ]

    async def _look_back(self) -> Sequence[History | None]:
        await self._all("/lag/history", read_history, self._hours)
        return [self._hours.get(address) for address in self._addresses]

    async def _all(
        self, path: str, read: Callable[[bytes], Said], kept: dict[str, Said]
    ) -> Mapping[str, str | None]:
        """Ask all of them at once; what they say is kept, what is wrong with each given."""
        limit = aiohttp.ClientTimeout(total=ANSWER_S)
        # A connection for each look: what is frozen does not take one, or does not answer it.
        async with aiohttp.ClientSession(timeout=limit) as session:

            async def ask(address: str) -> str | None:
                wrong: str | None = None
                try:
                    kept[address] = read(await body_of(session, address + path, BYTES_MAX))
                except (aiohttp.ClientError, TimeoutError, OSError):
                    wrong = NO_ANSWER
                except ValueError:
                    wrong = UNREADABLE
                self._note(address + path, wrong)
                return wrong

            found = await asyncio.gather(*map(ask, self._addresses))
        return dict(zip(self._addresses, found, strict=True))

    def _note(self, address: str, wrong: str | None) -> None:
        if wrong != self._wrong.get(address):
            self._wrong[address] = wrong
            log.warning("watch_answer", address=address, wrong=wrong)


def _kept_s(answers: Sequence[Answer]) -> float:
    return AWAY_S if any(each.error == NO_ANSWER for each in answers) else KEPT_S
