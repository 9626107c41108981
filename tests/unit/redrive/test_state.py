"""What the journal and the input say of dead letters: settled, underway, and by what name."""

import json
from hashlib import sha256
from typing import Any, NamedTuple, cast

import pytest
from aiokafka.structs import ConsumerRecord

from events import topics
from events.codec import Headers
from events.envelope import CORRECTION
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from services.redrive.dead_letters import Address
from services.redrive.state import RedriveState
from tests.builders import BUDGET, Json, a_review, a_vote, an_award, encoded

IMPORTED: Headers = (("ecluse_imported", b"1"),)
REFERENCE = {"source": "urn:lille:erp", "id": "7"}
AT = Address("_dead.0", 1, Source(topics.EVENTS, 0, 0))


class Read(NamedTuple):
    """A record as a consumer hands it over."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int = 5


def journal(*values: bytes, headers: Headers = (), first: int = 0) -> list[Read]:
    """The journal of records that stand one behind the other on partition 0."""
    ledger = Ledger()
    for offset, value in enumerate(values, start=first):
        ledger.handle(RawRecord(value, Source(topics.EVENTS, 0, offset), (), BUDGET.encode(), 1))
    rows = ledger.commit_batch([]).records
    return [Read(row.budget.encode(), row.record, headers) for row in rows]


def state_of(*rows: Read) -> RedriveState:
    state = RedriveState()
    for row in rows:
        state.add(cast(ConsumerRecord, row), topics.EVENTS)
    return state


def dead_letter(value: bytes, offset: int = 0) -> ConsumerRecord:
    place: dict[str, Any] = {"topic": topics.EVENTS, "partition": 0, "offset": offset}
    headers = [("ecluse_dlq_reason", b"bad_json"), ("ecluse_dlq_timestamp", b"1")]
    headers += [(f"ecluse_dlq_{name}", str(each).encode()) for name, each in place.items()]
    return cast(ConsumerRecord, Read(BUDGET.encode(), value, headers))


@pytest.mark.parametrize(
    ("notes", "is_settled", "is_sent"),
    [
        ([], False, False),
        ([a_review(1, chain="_dead.0")], True, False),
        ([a_review(1, chain="_dead.0", event=REFERENCE)], True, True),
        ([a_review(1, chain="_dead.0"), a_review(1, chain="_dead.0", event=REFERENCE)], True, True),
        ([a_review(1)], False, False),
        ([a_review(2, chain="_dead.0", event=REFERENCE)], False, False),
    ],
)
def test_the_first_note_counts_and_one_that_it_was_sent_more_than_a_look(
    notes: list[Json], is_settled: bool, is_sent: bool
) -> None:
    events = [each | {"id": str(number)} for number, each in enumerate(notes)]
    state = state_of(*journal(b"{", encoded(a_vote()), *map(encoded, events)))
    assert (is_settled, is_sent) == (state.find_review(AT) is not None, state.is_sent(AT))


def test_a_refused_note_settles_nothing() -> None:
    note = a_review(1, chain="_dead.0")
    other = note | {"data": note["data"] | {"event": REFERENCE}}
    state = state_of(*journal(b"{", encoded(note), encoded(other)))
    assert not state.is_sent(AT), "its id was taken"


def test_corrections_that_were_accepted_are_known_by_their_ids() -> None:
    events = [a_vote(_id="c", _source=CORRECTION), an_award(10**9, _id="no", _source=CORRECTION)]
    state = state_of(*journal(*map(encoded, [*events, a_vote(_id="mine")])))
    assert {"c": (BUDGET, 1)} == state.corrected, "neither one refused, nor a sender's own"


def test_what_the_input_holds_behind_the_decided_is_underway() -> None:
    state = state_of(*journal(b"{", encoded(a_vote())))
    assert (2, None) == (state.next_offset(0), state.next_offset(1))
    state.underway.add(f"{topics.EVENTS}/0/0")
    assert (True, None) == (state.is_sent(AT), state.find_review(AT))


def test_behind_an_import_places_may_repeat_and_bytes_tell_them_apart() -> None:
    state = state_of(*journal(b"{", headers=IMPORTED), *journal(b"[]"))
    assert 1 == state.next_offset(0), "an imported record was read elsewhere"
    assert None is state_of(*journal(b"{", headers=IMPORTED)).next_offset(0)
    found = state.dead_letter(dead_letter(b"{")), state.dead_letter(dead_letter(b"[]"))
    assert [AT, AT] == [each.at for each in found if each is not None]
    assert None is state.dead_letter(dead_letter(b"other"))
    assert None is state.dead_letter(dead_letter(b"{", offset=9))


def test_a_dead_letter_is_called_by_its_chain_and_number() -> None:
    state = state_of(*journal(b"[]", encoded(a_vote()), b"{"))
    found = state.dead_letter(dead_letter(b"{", offset=2))
    assert found is not None
    assert ("_dead.0/2", "bad_json", 5) == (found.at.its_id, found.code, found.died_ms)
    assert sha256(b"{").hexdigest() == json.loads(journal(b"{")[0].value or b"")["event_sha256"]
