"""Source of the lag that the API shows: the watches, their answers cached for a moment."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import structlog

from events.lag import History
from services.api.adapters.clock import Clock
from services.api.adapters.ports import LagSource
from services.api.adapters.ttl_cache import TtlCache
from services.lag.client.hour import last_hour
from services.lag.client.merge import NO_ANSWER, Answer, Lag, lag_of
from services.lag.client.watches import Watches

KEPT_S: Final = 1.0
"""Time for which an answer is cached: many pages ask at once."""

AWAY_S: Final = 5.0
"""The same where a watch does not answer, so that few wait for it."""

HOUR_KEPT_S: Final = 5.0
"""The same of the last hour, which gains a point every ten seconds."""

log: Final = structlog.stdlib.get_logger("ecluse.api")


def lag_source(addresses: Sequence[str], clock: Clock) -> LagSource:
    """The watches at these addresses as a source, or none without addresses."""
    return WatchLag(addresses, clock) if addresses else NoWatch("nobody")


class NoWatch:
    """A source without a watch, and the reason."""

    def __init__(self, asks: Literal["nobody", "one_process"]) -> None:
        self._lag = Lag(asks)

    async def __call__(self) -> Lag:
        return self._lag

    async def hour(self) -> History | None:
        return None


class WatchLag:
    """The watches as a source; each question to them serves all callers of a moment."""

    def __init__(self, addresses: Sequence[str], clock: Clock) -> None:
        self._watches = Watches(addresses)
        self._clock = clock
        self._errors: Mapping[str, str | None] = {}
        """The last error of each watch: a change is logged."""
        self._now = TtlCache(self._ask, clock, _kept_s)
        self._past: TtlCache[Sequence[History | None]] = TtlCache(
            self._watches.ask_history, clock, lambda _: HOUR_KEPT_S
        )

    async def __call__(self) -> Lag:
        """The lag; of watches that do not answer their last answer, marked as old."""
        return lag_of(await self._now(), self._clock())

    async def hour(self) -> History | None:
        return last_hour(await self._past(), self._clock())

    async def _ask(self) -> Sequence[Answer]:
        answers = await self._watches.ask()
        errors = {each.address: each.error for each in answers}
        for address, error in errors.items():
            if error != self._errors.get(address):
                log.warning("watch_answer", address=address, error=error)
        self._errors = errors
        return answers


def _kept_s(answers: Sequence[Answer]) -> float:
    return AWAY_S if any(each.error == NO_ANSWER for each in answers) else KEPT_S
