"""Restoring a partition of the ledger: its state, checked against the journal, or made again."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from events.sentences import Sentence
from events.topics import JOURNAL, LEDGER_STATE
from services.ledger.domain.invariants import check_book
from services.ledger.domain.journal import Source
from services.ledger.handle import DEAD_CHAIN, Chain, Ledger
from services.ledger.kafka import journal_record
from services.ledger.placing import (
    HOLD_KEY,
    POSITION_KEY,
    Placing,
    read_hold,
    read_key,
    read_placing,
    spell_key,
    versions_of,
)
from services.ledger.ports import Versions
from services.ledger.restore import STATE_FAULTS, TOO_NEW, VERSIONS, Folding
from services.ledger.state_rows import all_rows, restored
from services.runtime.errors import ClusterError, place_name
from services.runtime.partitioning import partition_of
from services.runtime.reader import Reader
from services.runtime.settings import Settings
from services.runtime.sources import SourcePosition
from services.runtime.work import Hold

RESIZED = Sentence(
    "l'état fut écrit pour {before} partitions, il y en a {now} : les budgets changeraient de "
    "partition. Recréez les topics avec {before} partitions",
    "the state was written for {before} partitions, there are {now}: budgets would change their "
    "partition. Create the topics again with {before} partitions",
)
MOVED = Sentence(
    "le budget {budget} y est inscrit, mais sa place est la partition {home} de {now} : le nombre "
    "de partitions a changé. Recréez les topics avec celui d'avant",
    "budget {budget} is journalled there, but belongs on partition {home} of {now}: the number of "
    "partitions was changed. Create the topics again with the former one",
)
SHORTER = Sentence(
    "le journal finit à l'offset {end}, mais il fut écrit jusqu'à {known}. Le journal fait foi : "
    "restaurez-le depuis une sauvegarde",
    "the journal ends at offset {end}, but was written up to {known}. The journal is the truth: "
    "restore it from a backup",
)
ANOTHER = Sentence(
    "à l'offset {offset} ne se trouve pas l'enregistrement que l'état connaît : c'est un autre "
    "journal. Restaurez celui d'avant",
    "at offset {offset} stands another record than the one that the state knows: this is another "
    "journal. Restore the former one",
)

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


class Outdated(Exception):
    """The state cannot be used as it is; the journal can make it again."""


@dataclass(slots=True)
class Restored:
    """A partition as it was last committed."""

    ledger: Ledger
    placing: Placing
    hold: Hold | None
    rewrite: dict[bytes, bytes | None] | None = None
    """What the state topic must be brought to, where it was made again; None where it is right."""


class PartitionTopics:
    """The journal and the state topic of one partition, read back.

    Raises:
        ClusterError: they are not what this ledger wrote, or a newer one wrote them.
        StoreError: the journal is damaged.
    """

    def __init__(self, settings: Settings, partition: int) -> None:
        self._partition = partition
        self.state = TopicPartition(settings.topic(LEDGER_STATE), partition)
        self.journal = TopicPartition(settings.topic(JOURNAL), partition)

    async def restore(self, reader: Reader, count: int) -> Restored:
        """The partition as it stands, on topics of `count` partitions; no transaction is open."""
        rows = await reader.latest(self.state)
        raw_hold, raw_placing = rows.pop(HOLD_KEY, None), rows.pop(POSITION_KEY, None)
        hold = None if raw_hold is None else read_hold(raw_hold)
        placing: Placing | None = None
        try:
            placing = None if raw_placing is None else self._placing(raw_placing, count)
            await self._check_journal(reader, placing, bool(rows))
            if placing is None:
                return Restored(Ledger(), Placing({}, count), hold)
            return Restored(self._read(rows, placing), placing, hold)
        except (Outdated, *STATE_FAULTS) as error:
            log.warning(
                "state_rebuilt", partition=self._partition, why=str(error) or type(error).__name__
            )
        rebuilt = await self._rebuild(reader, count, hold, rows)
        if placing is not None:
            _keep_further(rebuilt.placing.sources, placing.sources)
        return rebuilt

    def _placing(self, raw_placing: bytes, count: int) -> Placing:
        # The versions first: what a newer Écluse wrote may have another shape, and is left alone.
        _check_known(self.state, versions_of(raw_placing))
        placing = read_placing(raw_placing)
        if placing.partitions != count:
            facts = {"before": placing.partitions, "now": count}
            raise ClusterError(place_name(self.state), RESIZED.render(facts))
        return placing

    async def _check_journal(self, reader: Reader, placing: Placing | None, has_rows: bool) -> None:
        """The journal ends with the record that the state knows; behind it there is none."""
        first, end = await reader.bounds(self.journal)
        known = 0 if placing is None else placing.journal_next
        if end < known:
            raise ClusterError(
                place_name(self.journal), SHORTER.render({"end": end, "known": known})
            )
        if placing is not None and known > 0:
            last = await reader.record_at(self.journal, known - 1)
            if last is None or last.offset != known - 1 or not _is(last.value, placing):
                raise ClusterError(place_name(self.journal), ANOTHER.render({"offset": known - 1}))
        behind = await reader.record_at(self.journal, max(first, known))
        if behind is not None:
            raise Outdated("the journal goes on behind it" if known else "it is lost")
        if placing is None and has_rows:
            raise ClusterError(place_name(self.journal), SHORTER.render({"end": end, "known": "?"}))

    def _read(self, rows: dict[bytes, bytes], placing: Placing) -> Ledger:
        if placing.versions.state != VERSIONS.state:
            raise Outdated(f"it has the shape of version {placing.versions.state}")
        budgets = restored((read_key(key), value) for key, value in rows.items())
        for state in budgets.values():
            check_book(state.book)
        return Ledger(budgets, self._dead(placing.dead))

    def _dead(self, chain: Chain) -> dict[str, Chain]:
        return {f"{DEAD_CHAIN}{self._partition}": Chain(chain.sequence, chain.head)}

    async def _rebuild(
        self, reader: Reader, count: int, hold: Hold | None, rows: dict[bytes, bytes]
    ) -> Restored:
        """The same partition, folded from its journal."""
        folding = Folding()
        sources: dict[str, SourcePosition] = {}
        journal_next, head = 0, Placing({}, count).journal_head
        async with aclosing(reader.to_the_end(self.journal)) as chunks:
            async for chunk in chunks:
                for each in chunk:
                    record = journal_record(each)
                    _check_known(self.journal, Versions(VERSIONS.state, record.rules_version))
                    folding.apply(record)
                    if record.resumes is None:
                        sources[record.source.topic] = _read_to(record.source, record.event_sha256)
                    journal_next, head = each.offset + 1, record.hash
        for budget, state in folding.budgets.items():
            home = partition_of(budget.encode(), count)
            if home != self._partition:
                facts = {"budget": budget, "home": home, "now": count}
                raise ClusterError(place_name(self.journal), MOVED.render(facts))
            check_book(state.book)
        dead = folding.dead.get(f"{DEAD_CHAIN}{self._partition}", Chain())
        placing = Placing(sources, count, journal_next, head, dead)
        rewrite: dict[bytes, bytes | None] = dict.fromkeys(rows)
        for state in folding.budgets.values():
            rewrite.update({spell_key(key): value for key, value in all_rows(state)})
        return Restored(Ledger(folding.budgets, self._dead(dead)), placing, hold, rewrite)


def _check_known(place: TopicPartition, written: Versions) -> None:
    """That no newer version wrote there."""
    if written.state > VERSIONS.state or written.rules > VERSIONS.rules:
        newer = TOO_NEW.render({"written": written, "known": VERSIONS})
        raise ClusterError(place_name(place), newer)


def _read_to(source: Source, sha256: str) -> SourcePosition:
    return SourcePosition(source.offset + 1, source.offset, None, sha256)


def _keep_further(sources: dict[str, SourcePosition], before: dict[str, SourcePosition]) -> None:
    """What was given up, and what bare markers were passed, no journal tells."""
    for topic, position in before.items():
        if position.next_offset >= sources.get(topic, SourcePosition(0)).next_offset:
            sources[topic] = position


def _is(value: bytes, placing: Placing) -> bool:
    return b'"hash":"%b"' % placing.journal_head.encode() in value
