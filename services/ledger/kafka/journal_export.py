"""Export of the journal topic: partition by partition, its records byte by byte."""

from contextlib import aclosing

from aiokafka.structs import TopicPartition

from events.topics import JOURNAL
from services.ledger.files.chains import home_of
from services.ledger.files.exports import Export
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import partition_count
from services.runtime.ops.settings import Settings


async def export_topic(settings: Settings, budget: str | None, export: Export) -> None:
    """Export all that is committed in the journal topic, or one chain of it.

    Raises:
        ClusterError: the cluster cannot be reached, or has no journal.
        StoreError: a record is damaged, or the export is of another journal.
    """
    count = await partition_count(settings, JOURNAL)
    places = [TopicPartition(settings.topic(JOURNAL), number) for number in range(count)]
    async with Reader(settings, places, patient=True) as reader:
        for place in places if budget is None else [places[home_of(budget, count)]]:
            async with aclosing(reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        if budget is not None and each.key != budget.encode():
                            continue
                        where = f"{each.topic}/{each.partition}/{each.offset}"
                        key = (each.key or b"").decode(errors="replace")
                        export.take(each.value or b"", where, key)
        export.end(budget)
