"""The checkpoint of a partition, kept in its state topic beside the state rows."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.ledger.application.handle import Chain
from services.ledger.application.ports import StateKey, Versions
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.model.book import FIRST_HASH
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
    dead: Chain = field(default_factory=Chain)
    versions: Versions = VERSIONS


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Encode a checkpoint."""
    return _spell(checkpoint)


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


def encode_key(key: StateKey) -> bytes:
    """The key of a state row: `["<budget>","<kind>","<key>"]`."""
    return _spell(key)


read_key: Final = msgspec.json.Decoder(StateKey).decode
"""Decodes the key of a state row; ValueError where it is none."""
