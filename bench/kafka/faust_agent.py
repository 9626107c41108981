"""A plain Faust agent around the same core: one event at a time, `exactly_once`.

It decides with the ledger's own `handle`, sends the journal record and every message, and writes
one value to a table: what anybody would write first. It restores nothing and checks nothing.
Only its table and its offsets are in Kafka transactions: Faust sends to topics that its consumer
does not read through a producer without any (docs/decisions/0005-the-cost-of-an-event.md).

`python -m bench.kafka.faust_agent QUESTION`, as JSON, works until it is ended.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any, Final, cast

import faust
from faust.types import EventT, StreamT
from mode.loop import use

from bench.kafka.topics import PARTITIONS
from events import topics
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import messages
from services.ledger.domain.journal import Source
from services.runtime.kafka.partitioning import partition_of

SENT: Final = (
    topics.JOURNAL,
    topics.COMMITMENT_ENTRIES,
    topics.PAYMENT_ORDERS,
    topics.BALANCES,
    topics.REFUSALS,
    topics.DEAD_LETTERS,
    topics.INTERNAL_EVENTS,
)

PATIENT: Final[dict[str, Any]] = {
    "producer_linger": 0.1,
    "producer_max_batch_size": 1024 * 1024,
    "stream_buffer_maxsize": 16_384,
}
"""What made this agent quickest, of all that its settings offer: a producer that waits 100 ms for
more to send, and whole batches of it; the stream may hold more meanwhile."""

Headers = Iterable[tuple[str, bytes]]


def build(question: dict[str, Any]) -> faust.App:
    """The app and its agent."""
    prefix: str = question["prefix"]
    app = faust.App(
        f"{prefix}faust",
        broker=f"kafka://{question['bootstrap']}",
        processing_guarantee="exactly_once",
        store="memory://",
        datadir=question["folder"],
        key_serializer="raw",
        value_serializer="raw",
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        producer_compression_type="lz4",
        web_enabled=False,
        worker_redirect_stdouts=False,
        **(PATIENT if question["patient"] else {}),
    )
    source = app.topic(prefix + topics.EVENTS, key_type=bytes, value_type=bytes)
    sinks = {name: app.topic(prefix + name, key_type=bytes, value_type=bytes) for name in SENT}
    heads = app.Table("heads", key_type=str, value_type=int, partitions=PARTITIONS)
    ledger = Ledger()

    @app.agent(source, concurrency=1)
    async def decide(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            partition = event.message.partition
            ledger.handle(_raw(event))
            batch = ledger.commit_batch([])
            for row in batch.records:
                await sinks[topics.JOURNAL].send(
                    key=row.budget.encode(), value=row.record, partition=partition
                )
                heads[row.budget] = row.sequence
            for topic, key, value, headers, home in messages(batch.decided, batch.states):
                await sinks[topic].send(
                    key=key,
                    value=value,
                    partition=partition_of(home.encode(), PARTITIONS) if home else partition,
                    headers=list(cast("Headers", headers)),
                )

    return app


def _raw(event: EventT[bytes]) -> RawRecord:
    message = event.message
    source = Source(message.topic, message.partition, message.offset)
    return RawRecord(
        message.value, source, key=message.key, timestamp_ms=int(message.timestamp * 1000)
    )


def main() -> None:
    use("uvloop")
    app = build(json.loads(sys.argv[1]))
    # Quiet: the spinner on its screen would have every line of its logs made, and thrown away.
    worker = faust.Worker(app, loglevel="warning", quiet=True, stdout=sys.stderr)
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
