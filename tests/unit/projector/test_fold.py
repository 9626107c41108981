"""The fold: which rows a record of the journal changes, and what it takes no record for."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from events.codec import EVENT_BYTES_MAX
from events.journal import Event, EventData
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.projector.rows.changes import Changes
from services.projector.rows.column_values import day_of, instant_of
from services.projector.rows.fold import OUTCOMES, Fold
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_suspension,
    a_transfer,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)

START = (a_vote(), an_award(), a_convention())


def records(*events: Json | bytes) -> list[bytes]:
    return [row.record for row in Scenario(*events).store.journal()]


def changes(*events: Json | bytes) -> Changes:
    """What a journal of these events changes."""
    fold = Fold(0)
    for offset, raw in enumerate(records(*events)):
        fold.add(offset, raw)
    return fold.take_changes()


def rows(found: Changes, table: str) -> list[dict[str, Any]]:
    """The rows that are written over or put, without their keys."""
    return list(found.put.get(table, {}).values())


# ------------------------------------------------------------ what is no next record
def test_a_record_that_is_missing_is_noticed() -> None:
    first, _, third = records(*START)
    fold = Fold(0)
    fold.add(0, first)
    with pytest.raises(AssertionError, match=f"record {BUDGET}/3 follows record 1"):
        fold.add(2, third)


def test_a_record_that_comes_again_is_noticed() -> None:
    first, *_ = records(*START)
    fold = Fold(0)
    fold.add(0, first)
    with pytest.raises(AssertionError, match="1 follows record 1"):
        fold.add(1, first)


def test_what_was_added_up_before_is_known_by_its_last_record() -> None:
    *_, third = records(*START)
    fold = Fold(0, {BUDGET: 2})
    fold.add(7, third)
    assert 1 == len(fold.changes.appended["journal"])


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"budget":"x","sequence":1}'])
def test_what_is_no_record_of_the_journal_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        Fold(0).add(0, raw)


# ------------------------------------------------------------ what becomes of received records
def outcomes(found: Changes) -> dict[str, int]:
    (row,) = found.added["outcomes"].values()
    return {name: count for name, count in zip(OUTCOMES, row, strict=True) if count}


def test_a_parked_event_counts_once_by_what_it_became() -> None:
    waits = a_notification()
    assert {"received": 1, "parked": 1} == outcomes(changes(waits))
    found = changes(waits, *START)
    assert {"received": 4, "accepted": 4} == outcomes(found)
    ((key, ended),) = found.patched["parked"].items()
    assert ((BUDGET, 1), "accepted") == (key, ended["ended_outcome"])


def test_each_received_record_has_one_outcome() -> None:
    found = changes(a_vote(), a_vote(), a_payment(), b"{", a_report(), an_award(200_000))
    assert {
        "received": 6,
        "accepted": 1,
        "duplicate": 1,
        "refused": 2,
        "parked": 1,
        "dead_letter": 1,
    } == outcomes(found)


def test_a_dead_letter_belongs_to_no_budget_and_its_reason_begins_with_a_code() -> None:
    (internal_event,) = changes(a_vote(colour="red")).appended["dead_letters"]
    chain, sequence, *_, code, reason, facts, _ = internal_event
    assert ("_dead.0", 1, "unknown_field") == (chain, sequence, code)
    assert "unknown_field: /data/colour" == reason
    assert {"length", "reason"} == msgspec.json.decode(facts).keys()


def test_an_operators_text_may_hold_what_no_database_does() -> None:
    history = Scenario()
    history.ledger.quarantine(RawRecord(b"{", Source("test", 0, 1)), "me", "a\0b")
    (row,) = history.ledger.commit_batch([]).records
    fold = Fold(0)
    fold.add(0, row.record)
    (internal_event,) = fold.take_changes().appended["dead_letters"]
    assert "a\ufffdb" == msgspec.json.decode(internal_event[7])["why"]


def test_a_record_too_large_to_be_read_is_one_too() -> None:
    found = changes(b'{"x":"' + b"y" * EVENT_BYTES_MAX + b'"}')
    assert [] == list(found.put)
    assert 1 == len(found.appended["dead_letters"])


# ------------------------------------------------------------ days
@pytest.mark.parametrize(
    ("event", "day"),
    [
        (a_vote(), date(2023, 2, 3)),
        (a_transfer(act=an_act("2023-07-01")), date(2023, 7, 1)),
        (a_transfer(), date(2023, 6, 1)),
        (an_award(), date(2023, 4, 12)),
        (a_withdrawal(), date(2023, 6, 1)),
        (a_convention(), date(2023, 5, 15)),
        (a_notification(), date(2023, 5, 20)),
        (an_amendment(), date(2023, 9, 1)),
        (a_suspension(), date(2023, 9, 1)),
        (a_report(), date(2023, 6, 26)),
        (a_rejected_report(), date(2023, 6, 1)),
        (a_new_account(effective_on="2030-01-01"), date(2023, 6, 1)),
        (an_acknowledgement(), date(2023, 5, 22)),
        (a_payment(), date(2023, 5, 30)),
        (a_recovery(), date(2023, 10, 1)),
        (a_collection(), date(2023, 10, 1)),
        (a_closing(), date(2024, 1, 31)),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else str(value),
)
def test_the_day_on_which_an_event_took_effect(event: Json, day: date) -> None:
    assert day == day_of(msgspec.convert(event, Event))


@pytest.mark.parametrize(
    ("time", "instant"),
    [
        ("2023-06-01T12:00:00+02:00", datetime(2023, 6, 1, 10, tzinfo=UTC)),
        ("2023-06-01t12:00:00.123456789z", datetime(2023, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("9999-12-31T23:59:59-01:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_one_of_utc_at_the_ends_of_the_calendar_too(
    time: str, instant: datetime
) -> None:
    assert instant == instant_of(Event(EventData(), time, "ecluse.budget.voted.v1"))


def test_a_day_is_the_senders_own() -> None:
    late = Event(EventData(), "2023-06-01T23:59:59.9999999+02:00", "ecluse.report.rejected.v1")
    assert date(2023, 6, 1) == day_of(late)


# ------------------------------------------------------------ grants, conventions, schedules
def test_an_announced_grant_is_replaced_by_its_award() -> None:
    announced = changes(a_concurring_act()).offered["grants"][BUDGET, "G"]
    assert ("announced", 0) == (announced["state"], announced["awarded_cents"])
    awarded = changes(a_concurring_act(), *START).offered["grants"][BUDGET, "G"]
    assert ("awarded", 100_000) == (awarded["state"], awarded["awarded_cents"])
    after = changes(*START, a_concurring_act()).offered["grants"][BUDGET, "G"]
    assert ("awarded", 2) == (after["state"], after["sequence"])


def test_an_award_without_convention_stands_under_its_reference() -> None:
    found = changes(a_vote(), an_award(requires_convention=False))
    (convention,) = rows(found, "conventions")
    assert (True, date(2023, 4, 12)) == (convention["stands_alone"], convention["signed_on"])
    assert [(BUDGET, "G", "1")] == list(found.put["instalments"])


def test_a_concurring_act_that_falls_leaves_the_grant() -> None:
    act = an_act("2023-04-13")
    start = (a_vote(), an_award(), a_concurring_act())
    assert {} == changes(*start, a_withdrawal(act=act)).patched
    found = changes(*start, a_withdrawal())
    assert {"withdrawn"} == {row["state"] for row in found.patched["grants"].values()}
    assert 1 == len(found.withdrawn)


def test_the_first_notification_counts() -> None:
    later = a_notification(notified_on="2023-08-01", _id="again")
    (convention,) = rows(changes(*START, a_notification(), later), "conventions")
    assert date(2023, 5, 20) == convention["notified_on"]


def test_a_document_that_was_rejected_proves_no_cost() -> None:
    cost = a_report(eligible_cost_cents=7)
    (received,) = rows(changes(*START, cost), "documents")
    assert (7, None) == (received["eligible_cost_cents"], received["rejected_for"])
    (rejected,) = rows(changes(*START, cost, a_rejected_report()), "documents")
    assert (None, "Comptes non signés") == (
        rejected["eligible_cost_cents"],
        rejected["rejected_for"],
    )


def test_a_document_that_the_year_before_rejected_stands_as_rejected_with_no_day_or_reason() -> (
    None
):
    kinds = ("activity_report", "evaluation", "financial_report")
    waiting = an_instalment(100_000, documents=[(each, 2022) for each in kinds])
    year = (a_vote(), an_award(), a_convention(instalments=[waiting]), a_report())
    scenario = Scenario(*year, a_report("evaluation"), a_rejected_report(), a_closing("all"))
    scenario.deliver()
    fold = Fold(0)
    for offset, row in enumerate(scenario.store.journal()):
        fold.add(offset, row.record)
    carried = {
        kind: (row["received_on"], row["rejected_for"])
        for (budget, _, kind, _), row in fold.take_changes().put["documents"].items()
        if budget == NEXT_BUDGET
    }
    assert {"evaluation": (date(2023, 6, 26), None), "activity_report": (None, "")} == carried


def test_what_an_amendment_does_not_name_it_leaves_out() -> None:
    schedule = [
        an_instalment(40_000, documents=[("evaluation", 2022)]),
        an_instalment(60_000, "balance", documents=[("activity_report", 2022)]),
    ]
    signed = a_convention(instalments=schedule)
    found = changes(a_vote(), an_award(), signed, an_amendment(100_000))
    assert ["advance", "balance", "rest"] == [key[2] for key in found.put["instalments"]]
    [replanned] = found.replanned
    members = ("convention", "amendment", "sequence")
    assert ("C", "1", 4) == tuple(replanned[each] for each in members)


def test_a_recovery_by_lines_is_their_sum() -> None:
    by_lines = a_recovery(lines=[an_amount(300), an_amount(4, "490")])
    by_sum = a_recovery(5, recovery="S")
    paid = (*START, a_payment(), by_sum, a_recovery(lines=[an_amount(300)], recovery="T"))
    added = changes(*paid).appended["recoveries"]
    assert [("S", "ordered", 5), ("T", "ordered", 300)] == [row[3:6] for row in added]
    assert "recoveries" not in changes(*START, a_payment(), by_lines).appended


def test_an_accountants_reason_is_that_of_the_last_acknowledgement() -> None:
    held = an_acknowledgement("on_hold", reason={"code": "PJ", "label": "Pièce manquante"})
    (order,) = rows(changes(*START, held), "payment_orders")
    assert ("on_hold", "PJ") == (order["state"], order["reason_code"])
    (order,) = rows(changes(*START, held, an_acknowledgement()), "payment_orders")
    assert ("taken_in_charge", None) == (order["state"], order["reason_code"])


TAKEN = an_acknowledgement(on="2023-05-22")
PART = a_payment(40_000, executed_on="2023-05-29")
REST = a_payment(60_000, executed_on="2023-06-17", _id="rest")
REJECTED = an_acknowledgement("rejected", on="2023-06-01")
FALLEN = a_withdrawal(_time="2023-09-02T10:00:00+02:00")


@pytest.mark.parametrize(
    ("events", "state", "since", "acknowledged"),
    [
        ((), "issued", "2023-06-01", None),
        ((PART,), "issued", "2023-06-01", None),
        ((TAKEN,), "taken_in_charge", "2023-05-22", "2023-05-22"),
        ((TAKEN, PART), "taken_in_charge", "2023-05-22", "2023-05-22"),
        ((TAKEN, PART, REST), "paid", "2023-06-17", "2023-05-22"),
        ((PART, REST), "paid", "2023-06-17", None),
        ((TAKEN, PART, REJECTED), "rejected", "2023-06-01", "2023-06-01"),
        ((TAKEN, PART, FALLEN), "cancelled", "2023-09-02", "2023-05-22"),
        ((FALLEN,), "cancelled", "2023-09-02", None),
    ],
)
def test_an_order_is_in_its_state_since_what_set_it(
    events: tuple[Json, ...], state: str, since: str, acknowledged: str | None
) -> None:
    (order,) = rows(changes(*START, *events), "payment_orders")
    days = order["state_on"].isoformat(), order["acknowledged_on"]
    assert (state, since, acknowledged) == (
        order["state"],
        days[0],
        days[1] and days[1].isoformat(),
    )
