"""What is proved of a history: by the verifier, and byte for byte against an undisturbed ledger."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.structs import ConsumerRecord, TopicPartition

from services.verifier.journal_proof import merge_figures
from services.verifier.kafka_records import TopicRecord
from tests.kafka.faults.undisturbed import compare
from tests.simulation.broker import Broker
from tests.simulation.clients import consumed
from tests.simulation.faults import Kind
from tests.simulation.loop import virtually
from tests.simulation.simulator import PREFIX, Outcome, quietly
from tests.verifier.memory_cluster import proofs_of

SHOWN_MAX: Final = 5

Json = dict[str, Any]


@dataclass
class Proof:
    """Texts of what is wrong with a history, and what the verifier added up."""

    wrong: list[str]
    figures: Json


def prove(outcome: Outcome, partitions: int) -> Proof:
    """Everything that must hold at the end of any history."""
    wrong = list(outcome.failures)
    findings, figures = _verified(outcome.broker, partitions)
    wrong += [f"verifier: {each}" for each in findings]
    if outcome.logged["state_rebuilt"] and not _may_rebuild(outcome):
        wrong.append("a state was made again, and none was lost")
    if not wrong:
        wrong += [f"undisturbed: {each}" for each in _differences(outcome.broker, partitions)]
    return Proof(wrong, figures)


def _may_rebuild(outcome: Outcome) -> bool:
    """Whether a state topic was lost, or somebody opened a partition that another wrote to.

    Who is fenced while it restores finds a journal that goes on; what it makes of it, it cannot
    write.
    """
    done = outcome.figures
    struck = {kind for kind, _ in outcome.struck}
    overtaken = {Kind.FREEZE_BEFORE, Kind.FREEZE_AFTER, Kind.MOVE} & struck
    fenced = outcome.broker.fenced or done["mended, and rolled out"] or done["quarantined"]
    return bool(done["state topics lost"] or overtaken or fenced)


def _verified(broker: Broker, partitions: int) -> tuple[list[str], Json]:
    """What the verifier finds in all topics, as readers of what is committed see them."""

    def read(topic: str, number: int) -> Iterator[TopicRecord]:
        partition = broker.partitions[TopicPartition(PREFIX + topic, number)]
        for entry in partition.between(0, partition.end, committed=True):
            offset, timestamp_ms, key, value, headers, _ = entry
            yield TopicRecord(topic, number, offset, key, value, headers, timestamp_ms)

    journals = [proof.journal for proof in proofs_of(read, partitions, PREFIX, {})]
    found = [str(each.row()) for each in journals[0].findings.kept[:SHOWN_MAX]]
    return found, merge_figures([each.summary() for each in journals])


def _differences(broker: Broker, partitions: int) -> list[str]:
    """What an undisturbed ledger would have written otherwise."""

    async def read(place: TopicPartition) -> list[ConsumerRecord]:
        partition = broker.partitions[place]
        return [
            consumed(place, entry) for entry in partition.between(0, partition.end, committed=True)
        ]

    async def end(place: TopicPartition) -> int:
        return broker.partitions[place].end

    with quietly(Counter()):
        return virtually(compare(read, PREFIX, partitions, end))
