"""The state topic: keys and values of its rows, the checkpoint, a hold, the mark of an import."""

from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiokafka.structs import TopicPartition

from services.ledger.application.handle import ChainEnd
from services.ledger.application.ports import StateKey, Versions
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.model.book import FIRST_HASH
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.source_positions import SourcePosition
from services.runtime.processing.processor import Hold

POSITION_KEY: Final = b'"position"'
HOLD_KEY: Final = b'"hold"'
IMPORT_KEY: Final = b'"import"'
"""Present from the beginning of an import to its end: no ledger starts from a part."""

IMPORTED_HEADER: Final = "ecluse_imported"
"""The header of an imported journal record: its source is a position of the cluster that was
exported, and no position in the present input topics."""

_spell: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The positions of a partition, written in the transaction that moved them."""

    sources: dict[str, SourcePosition]
    partitions: int
    """The number of partitions of the topics: with another, budgets would move (rules, 37)."""
    journal_next: int = 0
    """The next offset of the journal."""
    journal_head: str = FIRST_HASH
    """The hash of the last record, of whichever chain."""
    dead: ChainEnd = field(default_factory=ChainEnd)
    versions: Versions = VERSIONS


encode_checkpoint: Final = _spell

decode_checkpoint: Final = msgspec.json.Decoder(Checkpoint).decode
"""Decodes a checkpoint; ValueError where it is none."""


class CheckpointHead(msgspec.Struct):
    """The members of a checkpoint that are the same in every version."""

    versions: Versions
    journal_next: int = 0
    journal_head: str = FIRST_HASH


decode_head: Final = msgspec.json.Decoder(CheckpointHead).decode
"""Decodes these members of a checkpoint of any version; ValueError where it is none."""


encode_hold: Final = _spell
decode_hold: Final = msgspec.json.Decoder(Hold).decode


encode_key: Final = _spell
"""Encodes the key of a state row: `["<budget>","<kind>","<key>"]`."""

read_key: Final = msgspec.json.Decoder(StateKey).decode
"""Decodes the key of a state row; ValueError where it is none."""


async def current_hold(reader: Reader, state: TopicPartition) -> Hold | None:
    """The hold of a partition, read from its state topic.

    A worker writes no state after a hold: so it is the last record, or there is none.
    """
    last = await reader.last(state)
    if last is None or last.key != HOLD_KEY or last.value is None:
        return None
    return decode_hold(last.value)


async def is_being_imported(reader: Reader, state: TopicPartition) -> bool:
    """Return whether an import of the journal was begun there, and not ended.

    An import writes no state after its mark: so it is the last record, or there is none.
    """
    last = await reader.last(state)
    return last is not None and last.key == IMPORT_KEY and last.value is not None
