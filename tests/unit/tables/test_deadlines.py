"""Rules 29 and 32: deadlines that passed; late payments and reports, and what waited too long."""

from datetime import timedelta
from typing import Any

import pytest

from events.codec import NO_KEY, ReceivedEvent, decode
from events.envelope import INBOUND, INTERNAL_EVENTS, SourceKind
from events.follow_up import PATIENCE
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_deadline,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import Row, check, each_row, reader_of

read_rows = reader_of(globals())

PAYMENT_ROWS = read_rows("""
    an order that is not paid
        SIGNED; deadline payment_due
        => flag payment_late: payment_order C/advance, due_on 2023-07-14; 489 for C: 100 ordered;
           C/advance issued 100
    one that is on hold, and paid in part
        SIGNED; C/advance on_hold; payment 40; deadline payment_due
        => flag payment_late: payment_order C/advance, due_on 2023-07-14;
           489 for C: 100 = 60 ordered + 40 paid; C/advance on_hold 100 (40 paid)
    one that is paid: nothing
        SIGNED; payment 100; deadline payment_due
        => 489 for C: 100 paid; C/advance paid 100
    one that was rejected: nothing
        SIGNED; C/advance rejected; deadline payment_due
        => 489 for C: 100 committed; C/advance rejected 100
    one that was cancelled: nothing
        SIGNED; withdrawal; deadline payment_due
        => 489 for C: 100 available; C/advance cancelled 100
    an order that was never issued is refused
        SIGNED; deadline payment_due, payment_order C/balance
        => refused unknown_payment_order: payment_order C/balance; 489 for C: 100 ordered;
           C/advance issued 100
""")

OWED = [
    {"kind": "activity_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
OWING = [a_vote(100), an_award(100), a_convention(100, obligations=OWED)]
REPORT_DUE = a_deadline("report_due", due_on="2024-06-30")


BALANCE = [("activity_report", 2022), ("certified_accounts", 2022)]
AWAITING = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), an_instalment(40, "balance", documents=BALANCE)]),
]

NOTHING_LEFT = read_events("""
    vote 100; award 100;
    convention [advance 60, balance 40 against activity_report 2022 with ceiling];
    report, eligible_cost_cents 60
""")
"""The report proves no more than the advance: it settles the balance at nothing."""


SETTLED_ROWS = read_rows("""
    it is there: nothing
        NOTHING_LEFT; REPORT_DUE
        => 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60
    it is rejected afterwards: it is open, though nothing is left to pay
        NOTHING_LEFT; rejected report; REPORT_DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2024-06-30; 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60
    it comes again: nothing
        NOTHING_LEFT; rejected report; report, id again; REPORT_DUE
        => 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60
    of an ended convention it is owed no more: no order rests on it
        NOTHING_LEFT; payment 60; rejected report; termination; REPORT_DUE
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    what was given up before any document came is not open
        AWAITING; reduction 40; REPORT_DUE
        => 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60
""")

REPORT_ROWS = read_rows("""
    two documents are owed by then and did not come
        OWING; REPORT_DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023},
           {kind financial_report, year 2023}], due_on 2024-06-30; 489 for C: 100 ordered;
           C/advance issued 100
    one came
        OWING; report financial_report 2023; REPORT_DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 ordered; C/advance issued 100
    both came: nothing
        OWING; report financial_report 2023; report activity_report 2023; REPORT_DUE
        => 489 for C: 100 ordered; C/advance issued 100
    one came and was rejected
        OWING; report financial_report 2023; report activity_report 2023;
        rejected report activity_report 2023; REPORT_DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 ordered; C/advance issued 100
    a terminated convention owes its reports as long as anything of it stays paid
        OWING; payment 1; termination; REPORT_DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023},
           {kind financial_report, year 2023}], due_on 2024-06-30;
           489 for C: 100 = 99 ordered + 1 paid; C/advance issued 100 (1 paid)
    so does one whose award fell
        OWING; payment 1; withdrawal; REPORT_DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023},
           {kind financial_report, year 2023}], due_on 2024-06-30;
           489 for C: 100 = 99 available + 1 paid; C/advance cancelled 100 (1 paid)
    nothing was paid: it owes nothing
        OWING; termination; REPORT_DUE
        => 489 for C: 100 ordered; C/advance issued 100
    all of it came back: it owes nothing any more
        OWING; payment 1; termination; recovery 1; collection 1; REPORT_DUE
        => 489 for C: 100 = 1 available + 99 ordered; C/advance issued 100 (1 paid)
    a document that was rejected is open, also where an order rests on it
        AWAITING; report; report certified_accounts 2022; rejected report; deadline report_due
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-07-14; 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40
    also where the order is paid
        AWAITING; report; report certified_accounts 2022; payment 40 of C/balance; rejected report;
        deadline report_due
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-07-14; 489 for C: 100 = 60 ordered + 40 paid; C/advance issued 60;
           C/balance paid 40
    once it was rejected behind its order a terminated convention owes it, while it is paid
        AWAITING; report; report certified_accounts 2022; payment 40 of C/balance; termination;
        rejected report; deadline report_due
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-07-14; 489 for C: 100 = 60 ordered + 40 paid; C/advance issued 60;
           C/balance paid 40
    where no document has a day: those that its instalments wait for
        AWAITING; report; deadline report_due
        => flag report_late: convention C, documents [{kind certified_accounts, year 2022}],
           due_on 2023-07-14; 489 for C: 100 = 40 committed + 60 ordered; C/advance issued 60
    whichever of its orders was paid
        AWAITING; report; report certified_accounts 2022; payment 30 of C/balance;
        C/balance rejected; report evaluation 2022; C/balance/2 rejected; rejected report;
        termination; deadline report_due
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-07-14; 489 for C: 100 = 10 available + 60 ordered + 30 paid;
           C/advance issued 60; C/balance rejected 40 (30 paid); C/balance/2 rejected 10
    once it is terminated no instalment waits for anything, though something is paid
        AWAITING; payment 60; termination; deadline report_due
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    once it is terminated no instalment waits for anything
        AWAITING; termination; deadline report_due
        => 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60
    nothing is owed, nothing waits
        SIGNED; deadline report_due
        => 489 for C: 100 ordered; C/advance issued 100
    a convention that nobody knows is waited for
        deadline report_due
        => waits for convention C; no money
""")


@each_row(PAYMENT_ROWS)
def test_rule_29_a_payment_that_is_still_open_is_late(row: Row) -> None:
    check(row)


@each_row([*REPORT_ROWS, *SETTLED_ROWS])
def test_rule_29_a_report_that_has_not_come_is_late(row: Row) -> None:
    check(row)


def test_what_waits_waits_for_thirty_days_from_its_own_time() -> None:
    assert timedelta(days=30) == PATIENCE


PARKED = a_report(_id="parked")
ITS_DEADLINE = a_deadline("parked", event={"source": "urn:test", "id": "parked"})

PARKED_ROWS = read_rows("""
    a report waited for its convention in vain
        vote 100; PARKED; ITS_DEADLINE
        => refused dependency_missing: kind convention, id C; 489: 100 available
    an award waited for the vote
        award, id parked; ITS_DEADLINE
        => refused dependency_missing: kind budget, id 21590350100017-00-2023; no money
    a convention waited for its award
        vote 100; convention, id parked; ITS_DEADLINE
        => refused dependency_missing: kind grant, id G; 489: 100 available
    a recovery waited to be asked back
        SIGNED; collection 1, id parked; ITS_DEADLINE
        => refused dependency_missing: kind recovery, id C/R; 489 for C: 100 ordered;
           C/advance issued 100
    what it waited for came in time: nothing
        vote 100; award 100; PARKED; convention 100; ITS_DEADLINE
        => 489 for C: 100 ordered; C/advance issued 100
    nobody knows such an event: nothing
        vote 100; ITS_DEADLINE
        => 489: 100 available
    another source's event of that id waits on
        vote 100; report, id parked, source urn:other; ITS_DEADLINE
        => 489: 100 available
    what it waited for comes too late: it stays refused
        vote 100; award 100; PARKED; ITS_DEADLINE; convention 100
        => 489 for C: 100 ordered; C/advance issued 100
    it is remembered: a repeat is silent
        vote 100; PARKED; ITS_DEADLINE; PARKED
        => duplicate; 489: 100 available
    a deadline that was reported twice
        vote 100; PARKED; ITS_DEADLINE; ITS_DEADLINE
        => duplicate; 489: 100 available
""")


@each_row(PARKED_ROWS)
def test_rule_29_what_waits_too_long_is_refused(row: Row) -> None:
    check(row)


def test_rule_29_the_refusal_stands_behind_its_deadline_and_names_what_was_parked() -> None:
    scenario = Scenario(a_vote(100), PARKED, a_report(_id="another"))
    records = scenario.tell(ITS_DEADLINE)
    assert [("accepted", None), ("refused", 2)] == [
        (str(record.outcome), record.resumes) for record in records
    ]
    assert ("parked", "urn:test", 2) == (
        records[1].event_id,
        records[1].event_source,
        records[1].source.offset,
    )
    outcomes = scenario.summary()["outcomes"]
    assert (2, 1, 1) == (outcomes["accepted"], outcomes["refused"], outcomes["parked"])
    assert [3] == list(scenario.state.memory.parked), "the other waits on"


def read_at(topic: str, event: Json) -> Any:
    """What the ledger answers to an event that it finds on a topic of Kafka."""
    ledger, key = Ledger(), str(event["partitionkey"]).encode()
    raw = RawRecord(encoded(event), Source(topic, 0, 1), (), key, 1_685_600_000_000)
    [record] = ledger.handle(raw)
    return record.dead_letter["reason"] if record.dead_letter else str(record.outcome)


@pytest.mark.parametrize("prefix", ["", "test-"])
def test_rule_32_on_kafka_a_deadline_is_read_among_deadline_events_alone(prefix: str) -> None:
    assert "accepted" == read_at(f"{prefix}ecluse.internal-events.v1", ITS_DEADLINE)
    assert "unknown_type: /type" == read_at(f"{prefix}ecluse.events.v1", ITS_DEADLINE)
    assert "accepted" == read_at(f"{prefix}ecluse.internal-events.v1", a_vote())
    assert "accepted" == read_at(f"{prefix}ecluse.events.v1", a_vote())


def test_rule_32_in_a_file_a_deadline_is_read() -> None:
    assert "accepted" == Scenario(ITS_DEADLINE).answer()
    assert {each.TYPE for each in INBOUND if each.TYPE in INTERNAL_EVENTS} == INTERNAL_EVENTS


def test_rule_1_of_a_deadline_in_the_wrong_place_the_first_fault_is_said() -> None:
    def reason(event: Json) -> str:
        outcome = decode(encoded(event), (), NO_KEY, SourceKind.EVENTS)
        assert not isinstance(outcome, ReceivedEvent)
        return outcome.reason

    assert "invalid_value: /id" == reason(ITS_DEADLINE | {"id": ""})
    assert "unknown_type: /type" == reason(ITS_DEADLINE | {"time": "noon"})


ROWS = [*PAYMENT_ROWS, *REPORT_ROWS, *SETTLED_ROWS, *PARKED_ROWS]
