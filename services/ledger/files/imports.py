"""Import of an exported journal, checked as a whole against the existing one before it is written.

Records keep their bytes, and so their hashes. Their sources are positions of the exported cluster;
an import reads nothing of the present input topics.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from events.codec import reread
from events.envelope import LEDGER
from events.texts import _
from services.ledger.application.handle import ChainEnd
from services.ledger.application.ports import (
    Batch,
    JournalRow,
    Position,
    Store,
    StoreError,
    Versions,
)
from services.ledger.application.restore import (
    IMPORTED,
    IMPORTING_SOURCE,
    TOO_NEW,
    VERSIONS,
    Folding,
    ReadRecord,
    rebuild_state,
)
from services.ledger.domain.fiscal_year import InternalEvent, openings
from services.ledger.domain.journal import RULES_VERSION, JournalRecord, Outcome
from services.ledger.domain.rules.table import handler_of
from services.ledger.files.exports import LOGGED_RECORDS, NOWHERE, Chains, Progress, read_export

BATCH_RECORDS: Final = 1000
"""The most records in one transaction."""

ANOTHER = _(
    "record {sequence} of {chain} is not the one of {file} there: it is not the beginning of this "
    "journal. Import into an empty journal only, or into one that this same import began"
)
BEYOND = _(
    "{chain} goes up to record {there} there, and up to number {held} in {file}: that journal has "
    "gone on. Import into an empty journal only, or into one that this same import began"
)

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


@dataclass(slots=True)
class CheckedExport:
    """A checked export, which continues the existing journal."""

    path: Path
    there: Mapping[str, ChainEnd]
    """The end of each chain that is there already."""
    chains: Chains = field(default_factory=Chains)
    already: int = 0
    """The number of its records that are there already."""
    unread: dict[str, str] = field(default_factory=dict)
    """The internal events without a journal record, by id, with the budget that was closed.
    """

    @property
    def is_there(self) -> bool:
        """True where nothing is left to be imported."""
        return self.already == self.chains.records

    def has(self, record: JournalRecord) -> bool:
        """Return whether a record is there already."""
        return record.sequence <= self.there.get(record.budget, NOWHERE).sequence

    def read_again(self, progress: Progress) -> Iterator[ReadRecord]:
        """Yield the records once more, in order; StoreError where the file changed meanwhile."""
        chains = Chains()
        for each in read_export(self.path, chains, progress):
            yield each
            if chains.records % LOGGED_RECORDS == 0:
                log.info("journal_importing", records=chains.records, of=self.chains.records)


def prove(
    path: Path, there: Mapping[str, ChainEnd], where: str, progress: Progress
) -> CheckedExport:
    """Check a whole export: its chains, and that it begins as the journal at `where` does.

    Raises:
        StoreError: a record is damaged, the journal is not the beginning of the export, or a newer
            Écluse decided it.
    """
    proved = CheckedExport(path, there)
    internal_events: set[str] = set()
    for record, _unused in read_export(path, proved.chains, progress):
        if record.rules_version > RULES_VERSION:
            written = Versions(VERSIONS.state, record.rules_version)
            raise StoreError(path, TOO_NEW.render({"written": written, "known": VERSIONS}))
        end = there.get(record.budget, NOWHERE)
        if record.sequence == end.sequence and record.hash != end.head:
            facts = {"chain": record.budget, "sequence": record.sequence, "file": path}
            raise StoreError(where, ANOTHER.render(facts))
        proved.already += record.sequence <= end.sequence
        if record.event_source == LEDGER and record.event_id is not None:
            internal_events.add(record.event_id)
        proved.unread.update(dict.fromkeys(_internal_event_ids(record), record.budget))
    for chain, end in there.items():
        held = proved.chains.ends.get(chain, NOWHERE).sequence
        if held < end.sequence:
            facts = {"chain": chain, "there": end.sequence, "held": held, "file": path}
            raise StoreError(where, BEYOND.render(facts))
    for each in internal_events:
        proved.unread.pop(each, None)
    return proved


def _internal_event_ids(record: JournalRecord) -> set[str]:
    """The internal events that a closing led to (rules, 32), by their ids."""
    source, event_id = record.event_source or "", record.event_id or ""
    return {each.id for each in openings(record.budget, source, event_id, record.moves)}


def unread_internal_events(proved: CheckedExport) -> dict[str, list[InternalEvent]]:
    """Internal events of closings that were not read yet, by the budget that was closed.

    Such an event is lost with its topic: it is made again from the state before the closing, byte
    by byte the same.
    """
    found: dict[str, list[InternalEvent]] = {}
    closed = set(proved.unread.values())
    if not closed:
        return found
    folding = Folding()
    for record, _unused in read_export(proved.path, Chains(), lambda _: None):
        if record.budget not in closed:
            continue
        if record.outcome is Outcome.ACCEPTED and _internal_event_ids(record):
            envelope = reread(record.event or b"").envelope
            book = folding.budgets[record.budget].book
            found.setdefault(record.budget, []).extend(
                internal_event
                for internal_event in handler_of(envelope.data).internal_events(
                    book, envelope, record.moves
                )
                if reread(internal_event.value).envelope.id in proved.unread
            )
        folding.apply(record)
    return found


def import_store(store: Store, where: str, path: Path, progress: Progress) -> CheckedExport:
    """Import an export into a new store, or continue an import into it; rebuild its state.

    Raises:
        StoreError: the export is damaged, the store holds another journal, or it failed.
    """
    there = Chains()
    for row in store.journal():
        there.follow(row.record, f"{where}, {row.budget}/{row.sequence}")
    proved = prove(path, dict(there.ends), where, progress)
    # No ledger may start from an incomplete import.
    unfinished = Position(IMPORTING_SOURCE, 0, proved.already, "")
    if proved.is_there and unfinished not in store.positions():
        return proved
    rows: list[JournalRow] = []
    for record, raw in proved.read_again(progress):
        if proved.has(record):
            continue
        rows.append(JournalRow(record.budget, record.sequence, raw))
        if len(rows) == BATCH_RECORDS:
            unfinished = unfinished._replace(next_offset=unfinished.next_offset + len(rows))
            store.commit(Batch(rows, positions=[unfinished]), VERSIONS)
            rows = []
    internal_events = [
        each.value for some in unread_internal_events(proved).values() for each in some
    ]
    done = Position(IMPORTING_SOURCE, 0, proved.chains.records, IMPORTED)
    store.commit(Batch(rows, positions=[done], internal_events=internal_events), VERSIONS)
    rebuild_state(store)
    return proved
