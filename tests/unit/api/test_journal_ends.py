"""Many who ask where the journal ends wait for one look, also where Kafka does not answer."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from events.texts import _
from services.api.adapters.kafka import ENDS_KEPT_S, ENDS_LIMIT_S, ENDS_UNKNOWN_S, KafkaEnds
from services.api.adapters.ports import JournalEnd
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from tests.api.environment import HandClock

FOUND = {0: JournalEnd(3, 4)}


class Looked(KafkaEnds):
    """Counts its looks; each takes a while and finds this, or nobody who answers."""

    def __init__(
        self, clock: HandClock, takes_s: float, found: Mapping[int, JournalEnd] | None
    ) -> None:
        super().__init__(Settings(bootstrap_servers="127.0.0.1:1"), clock)
        self.clock, self.takes_s, self.found = clock, takes_s, found
        self.points = 0

    async def _ends(self) -> Mapping[int, JournalEnd]:
        self.points += 1
        await asyncio.sleep(0)
        self.clock.advance(timedelta(seconds=self.takes_s))
        if self.found is None:
            raise Unreachable("kafka", _("does not answer"))
        return self.found


@pytest.mark.parametrize("found", [None, FOUND], ids=["no answer", "a slow answer"])
async def test_all_who_ask_at_once_wait_for_one_poll(
    found: Mapping[int, JournalEnd] | None,
) -> None:
    ends = Looked(HandClock(), ENDS_LIMIT_S, found)
    assert [found] * 8 == await asyncio.gather(*(ends() for _ in range(8)))
    assert ends.points == 1


@pytest.mark.parametrize(("found", "kept_s"), [(None, ENDS_UNKNOWN_S), (FOUND, ENDS_KEPT_S)])
async def test_what_a_poll_found_is_kept_a_while_and_then_looked_for_again(
    found: Mapping[int, JournalEnd] | None, kept_s: float
) -> None:
    clock = HandClock()
    ends = Looked(clock, 0.0, found)
    await ends()
    clock.advance(timedelta(seconds=kept_s - 0.5))
    await ends()
    assert ends.points == 1
    clock.advance(timedelta(seconds=1))
    await ends()
    assert ends.points == 2
