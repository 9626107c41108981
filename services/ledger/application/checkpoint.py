"""What the ledger's state topic holds beside state: how far everything was read and written."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.ledger.application.handle import Chain
from services.ledger.application.ports import StateKey, Versions
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.book import FIRST_HASH
from services.runtime.kafka.source_positions import SourcePosition
from services.runtime.processing.processor import Hold

POSITION_KEY: Final = b'"position"'
HOLD_KEY: Final = b'"hold"'
IMPORT_KEY: Final = b'"import"'
"""Stands there from the beginning of an import to its end: no ledger goes on from a part."""

IMPORTED_HEADER: Final = "ecluse_imported"
"""The header of a journal record that came from an export: its source is a place of old, and says
nothing of how far the input topics that are there now were read."""

_spell: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a partition stands: written in the same transaction as what brought it there."""

    sources: dict[str, SourcePosition]
    partitions: int
    """How many partitions the topics have: with another count, budgets would move (rules, 37)."""
    journal_next: int = 0
    """The offset behind the last journal record."""
    journal_head: str = FIRST_HASH
    """The hash of that record, whichever chain it ends."""
    dead: Chain = field(default_factory=Chain)
    versions: Versions = VERSIONS


def spell_placing(placing: Placing) -> bytes:
    """A placing as bytes."""
    return _spell(placing)


read_placing: Final = msgspec.json.Decoder(Placing).decode
"""The placing that `spell_placing` wrote; ValueError where it is none."""


class Written(msgspec.Struct):
    """What every version leaves where it was, whatever becomes of the rest."""

    versions: Versions
    journal_next: int = 0
    journal_head: str = FIRST_HASH


read_written: Final = msgspec.json.Decoder(Written).decode
"""What can be told of a placing of any version; ValueError where it is none."""


spell_hold: Final = _spell
read_hold: Final = msgspec.json.Decoder(Hold).decode


def spell_key(key: StateKey) -> bytes:
    """The key of a state row: `["<budget>","<kind>","<key>"]`."""
    return _spell(key)


read_key: Final = msgspec.json.Decoder(StateKey).decode
"""The state key that `spell_key` wrote; ValueError where it is none."""
