"""Where the journal ends on a real broker: behind its last record, markers left aside."""

import asyncio
from datetime import timedelta

from services.api.adapters.kafka import ENDS_KEPT_S, KafkaEnds
from services.api.adapters.ports import JournalEnd
from services.runtime.ops.settings import Settings
from tests.api.environment import HandClock
from tests.kafka.ledger_transactions import journal_of
from tests.kafka.stack import Stack
from tests.read_model.filling import GOLDEN
from tests.waiting import eventually_async

PARTITIONS = 2
NOTHING = JournalEnd(0, 0)


def test_markers_and_aborted_records_are_nothing_to_read(stack: Stack) -> None:
    events = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
    first, second, third, *_ = journal_of(events, batch_events=5)
    partition, clock = first[0].partition, HandClock()

    async def go() -> None:
        ends = KafkaEnds(stack.settings, clock)

        async def until(expected: JournalEnd) -> None:
            """Ask again while it is otherwise: markers are written a moment after the commit."""

            async def poll() -> bool:
                clock.advance(timedelta(seconds=ENDS_KEPT_S))
                return {partition: expected, 1 - partition: NOTHING} == await ends()

            await eventually_async(poll, f"not {expected}")

        try:
            await until(NOTHING)
            await stack.transact([first])
            assert {0: NOTHING, 1: NOTHING} == await ends(), "an answer is kept a while"
            end = len(first)
            await until(JournalEnd(end, end + 1))
            await stack.transact([second], abort=True)
            behind = end + 1 + len(second) + 1
            await until(JournalEnd(end, behind))
            await stack.transact([third])
            end = behind + len(third)
            await until(JournalEnd(end, end + 1))
        finally:
            await ends.stop()

    asyncio.run(go())


def test_where_kafka_does_not_answer_nobody_knows() -> None:
    async def go() -> None:
        ends = KafkaEnds(Settings(bootstrap_servers="127.0.0.1:1"), HandClock())
        try:
            assert await ends() is None
        finally:
            await ends.stop()

    asyncio.run(go())
