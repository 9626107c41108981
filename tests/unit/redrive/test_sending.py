"""What is sent for a dead letter: itself unchanged or a corrected event, and the note about it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from events import topics
from events.codec import Headers, ReceivedEvent
from events.envelope import CORRECTION
from events.unreadable import Unreadable
from services.ledger.application.handle import RawRecord, decode_record
from services.ledger.application.trial import trial_of
from services.ledger.domain.journal import Source
from services.redrive.dead_letters import (
    Address,
    DeadLetter,
    DeadLetterRecord,
    Selection,
    names_of,
    read_dead_letter_record,
    redrives_of,
)
from services.redrive.prospects import OldestProspects, Prospect, Result, prospect, try_prospects
from services.redrive.sending import (
    Author,
    Outgoing,
    as_sent,
    correction_id,
    resent_records,
    write_patched,
)
from services.redrive.state import RedriveState, Review
from tests.builders import BUDGET, Json, a_vote, an_award, encoded
from tests.unit.events.kafka_messages import binary
from tests.unit.ledger.wire import Wire, by_topic

PLACE = Source(topics.EVENTS, 3, 41)
AT = Address("_dead.3", 17, PLACE)
AUTHOR = Author("urn:ecluse:command", "Awa Diop", datetime(2023, 7, 20, 9, tzinfo=UTC), "réglé")
TIME_MS = 1_690_000_000_000
TYPED_TITLE = an_award(_id="wrong") | {"traceparent": "00-1-2-01"}
TYPED_TITLE["data"]["title"] = 7


def raw(value: bytes, headers: Headers = (), key: bytes | None = BUDGET.encode()) -> RawRecord:
    return RawRecord(value, PLACE, headers, key, TIME_MS)


def a_dead_letter(value: bytes, headers: Headers = (), *, is_whole: bool = True) -> DeadLetter:
    return DeadLetter(AT, "invalid_value: /data/title", raw(value, headers), TIME_MS, is_whole)


def sent_for(record: RawRecord) -> tuple[Outgoing, Json]:
    read = decode_record(record)
    assert isinstance(read, ReceivedEvent)
    first, note = resent_records(AT, record, read, AUTHOR).records
    assert (topics.EVENTS, BUDGET.encode()) == (note.topic, note.key)
    assert isinstance(
        decode_record(RawRecord(note.value, PLACE, note.headers, note.key, 1)), ReceivedEvent
    )
    event: Json = json.loads(note.value)
    return first, event


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_a_record_is_sent_again_as_it_was_and_the_note_says_of_which_by_whom_and_why(
    mode: str,
) -> None:
    value: bytes
    headers: Headers
    value, headers = encoded(a_vote()), (("x", b"\xff"),)
    if mode == "binary":
        value, headers, _ = binary(a_vote())
    record, note = sent_for(raw(value, headers))
    assert (topics.EVENTS, BUDGET.encode(), value) == record[:3]
    marks = (
        ("ecluse_redrive_of", f"{topics.EVENTS}/3/41".encode()),
        ("ecluse_redrive_count", b"1"),
    )
    assert (*headers, *marks) == tuple(record.headers)
    assert {
        "budget": BUDGET,
        "chain": "_dead.3",
        "sequence": 17,
        "reviewed_by": "Awa Diop",
        "reviewed_on": "2023-07-20",
        "comment": "réglé",
        "event": {"source": a_vote()["source"], "id": a_vote()["id"]},
    } == note["data"]


def test_two_notes_of_one_second_are_two_and_the_same_one_is_a_repeat() -> None:
    record = raw(encoded(a_vote()))
    read = decode_record(record)
    assert isinstance(read, ReceivedEvent)
    authors = (AUTHOR, AUTHOR, AUTHOR._replace(why="autre"), AUTHOR._replace(name="Zoé"))
    ids = [
        json.loads(resent_records(AT, record, read, each).records[1].value)["id"]
        for each in authors
    ]
    assert ids[0] == ids[1]
    assert 3 == len(set(ids))
    assert all(each.startswith("redrive/_dead.3/17/") for each in ids)


def test_the_count_of_redrives_grows_and_earlier_marks_go() -> None:
    first, _ = sent_for(raw(encoded(a_vote())))
    second, _ = sent_for(raw(encoded(a_vote()), first.headers))
    assert (1, 2) == (redrives_of(first.headers), redrives_of(second.headers))
    assert len(first.headers) == len(second.headers)


@pytest.mark.parametrize("spelled", [b"x", b"\xff", b"9" * 30, "²".encode()])
def test_a_count_that_a_sender_wrote_counts_as_once(spelled: bytes) -> None:
    assert 1 == redrives_of((("ecluse_redrive_count", spelled),))


def test_a_patch_makes_a_new_event_that_names_the_old_one() -> None:
    patch = {"data": {"title": "Aide"}, "subject": None}
    event = write_patched(AT, raw(encoded(TYPED_TITLE)), patch, AUTHOR)
    assert event == write_patched(AT, raw(encoded(TYPED_TITLE)), patch, AUTHOR)
    found = json.loads(event)
    assert ("wrong", CORRECTION) == (found["causationid"], found["source"])
    assert TYPED_TITLE["time"] == found["time"]
    assert TYPED_TITLE["data"] | {"title": "Aide"} == found["data"]
    record, note = sent_for(as_sent(raw(encoded(TYPED_TITLE)), event))
    assert event == record.value
    assert {"source": CORRECTION, "id": found["id"]} == note["data"]["event"]


def test_of_a_record_that_is_no_json_the_patch_is_the_event() -> None:
    whole = an_award(_id="mine")
    found = json.loads(write_patched(AT, raw(b"\xff{"), whole, AUTHOR))
    assert whole | {"id": correction_id(AT, raw(b"")), "source": CORRECTION} == found


def test_all_corrections_of_a_dead_letter_have_one_id_whatever_they_say() -> None:
    record, elsewhere = raw(encoded(TYPED_TITLE)), AT._replace(sequence=18)
    patches = [{"data": {"title": "A"}}, {"data": {"title": "B"}}, {"id": "mine", "source": "x"}]
    ids = {json.loads(write_patched(AT, record, each, AUTHOR))["id"] for each in patches}
    assert {correction_id(AT, record)} == ids, "its sender may have written it twice"
    assert correction_id(elsewhere, record) in ids
    other = raw(encoded(TYPED_TITLE | {"id": "another"}))
    assert correction_id(AT, other) not in ids
    assert correction_id(AT, raw(b"{")) != correction_id(elsewhere, raw(b"{"))
    assert correction_id(AT, raw(b"{")) == correction_id(AT, raw(encoded({"id": 7})))


def test_a_binary_record_is_patched_in_structured_form() -> None:
    value, headers, _ = binary(TYPED_TITLE)
    event = write_patched(AT, raw(value, headers), {"data": {"title": "Aide"}}, AUTHOR)
    assert isinstance(decode_record(as_sent(raw(value, headers), event)), ReceivedEvent)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (encoded(TYPED_TITLE), ("wrong", TYPED_TITLE["source"], BUDGET)),
        (b'{"id": 7, "source": "a\\nb", "partitionkey": "x"}', (None, None, None)),
        (b"{", (None, None, None)),
    ],
)
def test_names_are_read_as_far_as_they_can_be(value: bytes, names: tuple[str, ...]) -> None:
    assert names == names_of(raw(value, key=None))
    assert BUDGET == names_of(raw(value)).budget


def test_a_dead_letter_of_the_ledger_is_read_back_as_the_record_that_it_was() -> None:
    wire = Wire()
    headers = (("content-type", b"text/plain"), ("ecluse_dlq_reason", b"a sender's own"))
    record = wire.raw(b"{", headers=headers)
    (dead,) = by_topic(wire.tell(record))[topics.DEAD_LETTERS]
    assert DeadLetterRecord(record, "bad_json", True) == read_dead_letter_record(
        dead.value, dead.key, dead.headers
    )
    assert None is read_dead_letter_record(b"{", b"", ())
    assert None is read_dead_letter_record(b"{", b"", (("ecluse_dlq_reason", b"x"),))


def test_what_is_kept_in_part_is_not_whole() -> None:
    wire = Wire()
    (dead,) = by_topic(wire.tell(wire.raw(b" " * (1024 * 1024 + 1))))[topics.DEAD_LETTERS]
    found = read_dead_letter_record(dead.value, dead.key, dead.headers)
    assert found is not None
    assert (False, 1024 * 1024 + 1) == (found.is_whole, found.raw.length_bytes)


@pytest.mark.parametrize(
    ("selection", "is_meant"),
    [
        (Selection(), True),
        (Selection(ids=frozenset({"_dead.3/17"})), True),
        (Selection(ids=frozenset({"_dead.3/18"})), False),
        (Selection(reason="invalid_value"), True),
        (Selection(reason="bad_json"), False),
        (Selection(budget=BUDGET, source=TYPED_TITLE["source"]), True),
        (Selection(source="urn:other"), False),
        (Selection(budget="21590350100017-00-1999"), False),
        (Selection(since_ms=TIME_MS, until_ms=TIME_MS + 1), True),
        (Selection(since_ms=TIME_MS + 1), False),
        (Selection(until_ms=TIME_MS), False),
    ],
)
def test_a_filter_leaves_out_what_it_does_not_name(selection: Selection, is_meant: bool) -> None:
    assert is_meant == selection.takes(a_dead_letter(encoded(TYPED_TITLE)))


def test_each_prospect_says_why_it_would_not_be_sent() -> None:
    readable, state = encoded(a_vote()), RedriveState()
    thrice = (("ecluse_redrive_count", b"3"),)
    assert [Result.READABLE, Result.DEAD_LETTER, Result.NOT_WHOLE, Result.TOO_OFTEN] == [
        prospect(each, state, 3).becomes
        for each in (
            a_dead_letter(readable),
            a_dead_letter(encoded(TYPED_TITLE)),
            a_dead_letter(readable, is_whole=False),
            a_dead_letter(readable, thrice),
        )
    ]
    state.underway.add(f"{topics.EVENTS}/3/41")
    assert Result.UNDERWAY is prospect(a_dead_letter(readable), state, 3).becomes
    review = Review(BUDGET, 5, "Awa Diop", AUTHOR.at.date(), None, "vote")
    state.reviews["_dead.3", 17] = review
    assert Result.REDRIVEN is prospect(a_dead_letter(readable), state, 3).becomes
    assert Result.UNDERWAY is prospect(a_dead_letter(readable), state, 3, again=True).becomes
    state.underway.clear()
    lied = prospect(a_dead_letter(readable), state, 3, again=True)
    assert Result.READABLE is lied.becomes, "a review can be written by anybody"
    state.reviews["_dead.3", 17] = review._replace(event_id=None)
    assert Result.READABLE is prospect(a_dead_letter(readable), state, 3).becomes, "only looked at"


def test_those_that_can_be_read_are_decided_one_after_another_for_trial() -> None:
    events = [a_vote(100), an_award(70), an_award(70, grant="H")]
    dead_letters = [a_dead_letter(encoded(each)) for each in events]
    dead_letters.insert(1, a_dead_letter(b"{"))
    found = [prospect(each, RedriveState(), 3) for each in dead_letters]
    assert ["accepted", "dead_letter", "accepted", "refused"] == [
        each.becomes.value for each in try_prospects(found, trial_of((), {BUDGET}))
    ]


def at(partition: int, offset: int, timestamp_ms: int) -> Prospect:
    place = Source(topics.EVENTS, partition, offset)
    record = RawRecord(encoded(a_vote()), place, (), BUDGET.encode(), timestamp_ms)
    return Prospect(DeadLetter(AT, "wrong_partition", record, 0, True), Result.READABLE)


@pytest.mark.parametrize(
    ("most", "offsets"), [(9, [20, 10, 11, 21, 22, 12]), (3, [20, 10, 11]), (1, [20])]
)
def test_the_oldest_are_sent_first_and_each_partition_in_its_own_order(
    most: int, offsets: list[int]
) -> None:
    """A sender's clock that goes back turns nothing round."""
    found = OldestProspects(most)
    for each in (
        at(1, 10, 5),
        at(1, 11, 3),
        at(1, 12, 9),
        at(2, 20, 2),
        at(2, 21, 7),
        at(2, 22, 1),
    ):
        found.add(each)
    assert offsets == [each.dead_letter.raw.source.offset for each in found.list_oldest()]
    assert 6 - len(offsets) == found.left_out


def test_what_the_ledger_fails_to_decide_is_not_sent_nor_what_stands_behind_it() -> None:
    """Of its budget: others are decided as if it were not there."""
    other = "21590350100017-01-2023"

    def fails_at_the_second(budget: str, count: list[int] = [0]) -> int:  # noqa: B006 # it counts
        count[0] += budget == BUDGET
        assert budget == other or count[0] < 2
        return PLACE.partition

    events = [a_vote(100), an_award(70), an_award(70, grant="H"), a_vote(5, budget=other)]
    found = [prospect(a_dead_letter(encoded(each)), RedriveState(), 3) for each in events[:3]]
    key = replace(
        a_dead_letter(encoded(events[3])), raw=raw(encoded(events[3]), key=other.encode())
    )
    found.append(prospect(key, RedriveState(), 3))
    trial = trial_of((), {BUDGET, other})
    trial.ledger.partition_of = fails_at_the_second
    tries = try_prospects(found, trial)
    assert ["accepted", "stops", "stops", "accepted"] == [each.becomes.value for each in tries]
    assert [True, False, False, True] == [each.is_sent for each in tries]


def test_what_was_corrected_is_not_sent_as_it_was_though_no_note_says_so() -> None:
    found, state = a_dead_letter(encoded(a_vote())), RedriveState()
    state.corrected[correction_id(AT, found.raw)] = (BUDGET, 5)
    each = prospect(found, state, 3)
    assert (Result.DECIDED, False) == (each.becomes, each.is_sent)
    state.corrected = {"another": (BUDGET, 5)}
    assert Result.READABLE is prospect(found, state, 3).becomes


def test_a_correction_is_tried_in_the_place_of_its_dead_letter() -> None:
    found = a_dead_letter(encoded(TYPED_TITLE))
    correction = as_sent(
        found.raw, write_patched(AT, found.raw, {"data": {"title": "Aide"}}, AUTHOR)
    )
    read = decode_record(correction)
    assert isinstance(read, ReceivedEvent)
    each = Prospect(found, Result.READABLE, None, read, correction)
    trial = trial_of((), {BUDGET})
    trial.handle(raw(encoded(a_vote())))
    assert [Result.ACCEPTED] == [each.becomes for each in try_prospects([each], trial)]
    assert "wrong" == each.dead_letter.names.event_id, "the row names what its sender knows"


def test_a_record_of_another_kind_never_becomes_an_event_of_the_ledger_by_a_redrive() -> None:
    """What borrows the ledger's name stays unreadable: it goes where it came from."""
    event = a_vote(_source="urn:ecluse:ledger")
    assert isinstance(decode_record(raw(encoded(event))), Unreadable)
