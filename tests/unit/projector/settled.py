"""Rows of the read model that later records settled, folded from the journal of some events."""

from collections.abc import Sequence

from services.projector.rows.changes import Key
from services.projector.rows.fold import Fold
from services.projector.sql import columns
from tests.builders import Json, Scenario


def settled(events: Sequence[Json], table: str) -> dict[Key, int | None]:
    """By key of a row of this table, the record that settled it; None where none did."""
    return rows_settled([row.record for row in Scenario(*events).store.journal()], table)


def rows_settled(journal: Sequence[bytes], table: str) -> dict[Key, int | None]:
    """The same of a journal."""
    fold = Fold(0)
    for offset, raw in enumerate(journal):
        fold.add(offset, raw)
    changes = fold.take_changes()
    width = 2 if table == "refusals" else 3
    place = columns(table).index("settled_sequence")
    rows = {row[:width]: row[place] for row in changes.appended[table]}
    patched = {key: members["settled_sequence"] for key, members in changes.patched[table].items()}
    return rows | patched
