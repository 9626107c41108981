"""What holds for all that leaves, over histories that reach deep states."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from events import topics
from events.outbound import PaymentOrderCancelled, PaymentOrderIssued
from events.strict_json import canonical
from events.unreadable import Reason
from services.ledger.application.handle import DeadLettered
from services.ledger.application.outbound_messages import OutboundRecord
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import Outcome
from services.ledger.files.stores import MemoryStore
from services.ledger.files.summary import summary
from tests.builders import Json, Scenario
from tests.property.histories import histories
from tests.unit.ledger.wire import Wire, balances, by_topic, handled, read

cuts = st.lists(st.integers(1, 9), max_size=20)


def batches(history: Sequence[bytes], sizes: Sequence[int]) -> Iterator[Sequence[bytes]]:
    start = 0
    for size in sizes:
        yield history[start : start + size]
        start += size
    yield history[start:]


def in_batches(history: Sequence[bytes], sizes: Sequence[int]) -> Wire:
    wire = Wire()
    for batch in batches(history, sizes):
        wire.tell(*batch)
    return wire


def balance_rows(sent: list[OutboundRecord]) -> dict[str, list[Json]]:
    """The balances that a compacted topic holds, as the summary lists them."""
    rows: dict[str, list[Json]] = {"lines": [], "conventions": []}
    for key, message in balances(sent).items():
        row = message["data"]["balance"]
        named = [row["budget"], *([row["convention"]] if "convention" in row else [])]
        assert json.loads(key) == [*named, *row["line"].values()]
        rows["conventions" if "convention" in row else "lines"].append(row)
    return rows


def sorted_rows(rows: list[Json]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@given(histories(), cuts)
def test_the_last_balance_of_each_key_is_that_of_the_summary(
    history: list[bytes], sizes: list[int]
) -> None:
    wire = in_batches(history, sizes)
    said = Scenario(*history).summary()
    for name, rows in balance_rows(wire.sent).items():
        assert sorted_rows(said[name]) == sorted_rows(rows)


@given(histories())
def test_what_leaves_of_one_topic_is_what_the_summary_lists(history: list[bytes]) -> None:
    wire, said = handled(*history), Scenario(*history).summary()
    entries = wire.each(topics.COMMITMENT_ENTRIES)
    assert Counter(each["entry_id"] for each in said["commitment_entries"]) == Counter(
        each["data"]["entry_id"] for each in entries
    )
    left = wire.each(topics.PAYMENT_ORDERS)
    orders = [each for each in left if each["type"] == PaymentOrderIssued.TYPE]
    cancelled = [each["data"] for each in left if each["type"] == PaymentOrderCancelled.TYPE]
    assert Counter(map(canonical, cancelled)) == Counter(
        canonical(each) for each in said["payment_orders"] if each["state"] == "cancelled"
    ), "each order is cancelled once, and stands as it was reported"
    assert Counter((each["budget"], each["payment_order"]) for each in said["payment_orders"]) == (
        Counter((each["data"]["budget"], each["data"]["payment_order"]) for each in orders)
    ), "each order is issued once"
    answers = Counter(each["type"].split(".")[2] for each in wire.each(topics.REFUSALS))
    assert len(said["refusals"]) == answers["refused"]
    parked = [each for each in wire.decided if each.record.outcome is Outcome.PARKED]
    assert len(parked) == answers["parked"]
    assert said["outcomes"]["dead_letter"] == answers["unreadable"]
    assert answers["unreadable"] == len(by_topic(wire.sent).get(topics.DEAD_LETTERS, []))


@given(histories())
def test_no_two_messages_of_a_run_have_one_id(history: list[bytes]) -> None:
    sent = handled(*history).sent
    valued = [each for each in sent if each.topic != topics.DEAD_LETTERS and each.value is not None]
    ids = Counter((message["source"], message["id"]) for message in map(read, valued))
    assert {1} >= set(ids.values())


@given(histories(), cuts)
def test_batches_change_nothing_but_which_balances_are_skipped(
    history: list[bytes], sizes: list[int]
) -> None:
    alone, together = handled(*history), in_batches(history, sizes)
    one_by_one, batched = by_topic(alone.sent), by_topic(together.sent)
    for topic in {*one_by_one, *batched} - {topics.BALANCES}:
        assert one_by_one[topic] == batched[topic]
    before = one_by_one.get(topics.BALANCES, [])
    valued = {each for each in before if each.value is not None}
    assert {each for each in batched.get(topics.BALANCES, []) if each.value is not None} <= valued
    assert balances(alone.sent) == balances(together.sent)


@given(histories(), cuts)
def test_of_each_balance_one_message_leaves_a_batch_and_its_sequence_rises(
    history: list[bytes], sizes: list[int]
) -> None:
    wire = Wire()
    risen: dict[bytes, int] = {}
    for batch in batches(history, sizes):
        sent = by_topic(wire.tell(*batch)).get(topics.BALANCES, [])
        keys = [each.key for each in sent]
        assert len(set(keys)) == len(keys)
        for each in sent:
            if each.value is None:
                continue
            assert each.key is not None
            sequence = read(each)["data"]["sequence"]
            assert sequence > risen.get(each.key, 0)
            risen[each.key] = sequence


@given(histories(), st.integers(0, 60))
def test_a_restart_between_batches_changes_nothing_that_leaves(
    history: list[bytes], after: int
) -> None:
    whole, first, store = handled(*history), Wire(), MemoryStore()
    second = Wire()
    for number, event in enumerate(history):
        wire = first if number < after else second
        if number == after:
            second.offset = first.offset
            second.ledger = open_ledger(store)
            second.ledger.partition_of = first.ledger.partition_of
        wire.ledger.handle(wire.raw(event))
        batch = wire.ledger.batch
        wire.commit()
        store.commit(batch, VERSIONS)
    assert whole.sent == first.sent + second.sent
    last = second if after < len(history) else first
    assert Scenario(*history).summary()["lines"] == summary(last.ledger, store.journal())["lines"]


@given(histories())
def test_each_cause_is_the_event_of_its_own_record(history: list[bytes]) -> None:
    wire = handled(*history)
    of_record = {
        (each.record.budget, each.record.sequence): each.record.event_id for each in wire.decided
    }
    for topic in (topics.COMMITMENT_ENTRIES, topics.BALANCES):
        for message in wire.each(topic):
            place = (message["partitionkey"], message["data"]["sequence"])
            assert of_record[place] == message["causationid"]


@given(histories())
def test_each_dead_letter_keeps_its_bytes_and_says_one_of_the_reasons(
    history: list[bytes],
) -> None:
    wire = handled(*history)
    dead_lettered = [each for each in wire.decided if isinstance(each, DeadLettered)]
    internal_events = by_topic(wire.sent).get(topics.DEAD_LETTERS, [])
    assert [each.raw.value for each in dead_lettered] == [each.value for each in internal_events]
    for each in internal_events:
        reason = dict(each.headers)["ecluse_dlq_reason"] or b""
        assert reason.decode().split(":")[0] in {*Reason}
