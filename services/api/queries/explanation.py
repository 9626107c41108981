"""Unreadable records explained as `POST /events` explains them, from the records themselves.

The journal keeps the reason of a dead letter alone; its record stands in the source topic, or in
the ledger's file. What was read there once is remembered: a record never changes.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import structlog

from events.envelope import ENVELOPES, UNREAD, SourceKind
from events.masking import mask
from events.unreadable import Reason, Unreadable, explain
from services.api.adapters.ports import SourceRecords
from services.api.queries.rejections import DeadLetter
from services.api.queries.rows import Name
from services.ledger.application.handle import RawRecord, decode_record
from services.ledger.domain.journal import Source
from services.redrive.dead_letters import names_of
from services.redrive.sending import event_of
from services.runtime.ops.errors import Stop
from services.texts.translation import Sentence, both

KEPT_MAX: Final = 5_000
"""Explanations that are kept."""

RECORDS_AT_ONCE: Final = 50
"""Records that are read at once: each may have a megabyte."""

SOURCE_LIMIT_S: Final = 2.0
"""Time that a page waits for the source; without it the reason alone is explained."""

log: Final = structlog.stdlib.get_logger("ecluse.api")


class Explanation(NamedTuple):
    """An unreadable record, as far as it can be read."""

    sentence: Sentence | None = None
    """What is wrong, where, and what to do; None where the reason alone is known."""
    event_id: str | None = None
    event_source: str | None = None
    recorded_at: datetime | None = None
    """Kafka's time of the record; a line of a file has none."""
    is_readable: bool | None = None
    """True where it can be read now, False where it still cannot; None where it is not known."""
    has_form: bool = False
    """True where a form can begin with what it holds."""


NOTHING_KNOWN: Final = Explanation()


@dataclass(frozen=True, slots=True)
class ExplainedDeadLetter(DeadLetter):
    """A dead letter with what its record says, as far as it can be read; else null."""

    explanation: Sentence | None
    """The sentence of `POST /events`: what is wrong, where, and what to do."""
    event_id: Name | None
    event_source: Name | None
    recorded_at: datetime | None
    """Kafka's time of the record; a line of a file has none."""
    is_readable: bool | None
    """True where it could be sent again: it can be read now."""


class Explanations:
    """Explanations of dead letters, by the place of their records."""

    def __init__(self, source_records: SourceRecords) -> None:
        self._source_records = source_records
        self._kept: OrderedDict[Source, Explanation] = OrderedDict()
        self._reading = asyncio.Lock()

    async def explain(self, dead_letters: Sequence[DeadLetter]) -> list[Explanation]:
        """Explanations of these dead letters, in their order.

        Call it without a connection of the database: the source may take its time.
        """
        places = {each.source: each for each in dead_letters}
        await self._read({place: each for place, each in places.items() if place not in self._kept})
        found = [self._kept.get(place) or _explain_by_facts(each) for place, each in places.items()]
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return found

    async def _read(self, unknown: Mapping[Source, DeadLetter]) -> None:
        """Explain these, as far as their records come in time."""
        if not unknown:
            return
        places = list(unknown)
        try:
            # One page at a time: to read a topic takes a connection to each broker.
            async with asyncio.timeout(SOURCE_LIMIT_S), self._reading:
                for first in range(0, len(places), RECORDS_AT_ONCE):
                    some = places[first : first + RECORDS_AT_ONCE]
                    for place, raw in (await self._source_records(some)).items():
                        self._kept[place] = explain_record(raw, unknown[place])
        except (Stop, TimeoutError) as error:
            log.warning("source_not_read", error=str(error) or type(error).__name__)


async def with_explanations(
    explanations: Explanations, dead_letters: Sequence[DeadLetter]
) -> list[ExplainedDeadLetter]:
    """These dead letters with their explanations."""
    found = await explanations.explain(dead_letters)
    return [
        ExplainedDeadLetter(
            **{each.name: getattr(dead_letter, each.name) for each in fields(DeadLetter)},
            explanation=explanation.sentence,
            event_id=explanation.event_id,
            event_source=explanation.event_source,
            recorded_at=explanation.recorded_at,
            is_readable=explanation.is_readable,
        )
        for dead_letter, explanation in zip(dead_letters, found, strict=True)
    ]


def explain_record(raw: RawRecord, dead_letter: DeadLetter) -> Explanation:
    """The explanation of a dead letter from the record that stands at its place.

    Of a journal that was imported the places are those of another cluster: here another record may
    stand there, which its hash shows.
    """
    if not is_record_of(raw, dead_letter):
        return _explain_by_facts(dead_letter)
    read = decode_record(raw)
    sentence = None
    # Of a reason that is not in the record (its partition, an operator) nothing more is known.
    if isinstance(read, Unreadable) and read.reason == dead_letter.reason:
        sentence = _mask_explanation(read)
    names = names_of(raw)
    recorded_at = None
    if raw.timestamp_ms is not None:
        recorded_at = datetime.fromtimestamp(raw.timestamp_ms / 1000, UTC)
    is_readable = not isinstance(read, Unreadable)
    has_form = not is_readable and find_sendable_type(event_of(raw)) is not None
    return Explanation(
        sentence, names.event_id, names.event_source, recorded_at, is_readable, has_form
    )


def find_sendable_type(event: Mapping[str, Any]) -> str | None:
    """The type of a record that is no event, if it is one that senders may send; else None."""
    found = event.get("type")
    known = isinstance(found, str) and found in ENVELOPES.keys() - UNREAD[SourceKind.EVENTS]
    return found if known else None


def is_record_of(raw: RawRecord, dead_letter: DeadLetter) -> bool:
    """True of the record that the dead letter was; of one kept in part nobody knows."""
    return not raw.whole or sha256(raw.value or b"").hexdigest() == dead_letter.event_sha256


def _explain_by_facts(dead_letter: DeadLetter) -> Explanation:
    """The explanation of a record that is gone, from what the journal says of it."""
    facts = dead_letter.verdict.facts
    if dead_letter.reason == Reason.QUARANTINED and isinstance(facts.get("why"), str):
        return Explanation(_mask_explanation(Unreadable.quarantine(facts["why"])))
    return NOTHING_KNOWN


def _mask_explanation(unreadable: Unreadable) -> Sentence:
    text = both(explain(unreadable))
    return Sentence(fr=mask(text.fr), en=mask(text.en))
