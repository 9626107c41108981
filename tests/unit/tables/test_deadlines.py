"""Rules 29 and 32: deadlines that passed; late payments and reports, and what waited too long."""

from datetime import timedelta
from typing import Any

import pytest

from events.codec import NO_KEY, Received, decode
from events.envelope import INBOUND, LETTERS, Door
from services.ledger.domain.journal import Source
from services.ledger.domain.parking import PATIENCE
from services.ledger.handle import Ledger, RawRecord
from tests.builders import (
    BUDGET,
    Json,
    Story,
    a_collection,
    a_convention,
    a_deadline,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.tables.rows import SIGNED, Money, Row, check, each_row, on_one_line, stands


def test_what_waits_waits_for_thirty_days_from_its_own_time() -> None:
    assert timedelta(days=30) == PATIENCE


ISSUED = stands(ordered=100, advance=("issued", 100, 0))
LATE: list[tuple[str, Json]] = [
    ("payment_late", {"payment_order": "C/advance", "due_on": "2023-07-14"})
]

PAYMENT_ROWS = [
    Row("an order that is not paid", [*SIGNED, a_deadline()], "accepted", ISSUED, flags=LATE),
    Row(
        "one that is on hold, and paid in part",
        [*SIGNED, an_acknowledgement("on_hold"), a_payment(40), a_deadline()],
        "accepted",
        stands(ordered=60, paid=40, advance=("on_hold", 100, 40)),
        flags=LATE,
    ),
    Row(
        "one that is paid: nothing",
        [*SIGNED, a_payment(100), a_deadline()],
        "accepted",
        stands(paid=100, advance=("paid", 100, 100)),
    ),
    Row(
        "one that was rejected: nothing",
        [*SIGNED, an_acknowledgement("rejected"), a_deadline()],
        "accepted",
        stands(committed=100, advance=("rejected", 100, 0)),
    ),
    Row(
        "one that was cancelled: nothing",
        [*SIGNED, a_withdrawal(), a_deadline()],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "released": 100},
            {"C/advance": ("cancelled", 100, 0)},
            available=100,
        ),
    ),
    Row(
        "an order that was never issued is refused",
        [*SIGNED, a_deadline(payment_order="C/balance")],
        "unknown_payment_order",
        ISSUED,
        facts={"payment_order": "C/balance"},
    ),
]

OWED = [
    {"kind": "activity_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
OWING = [a_vote(100), an_award(100), a_convention(100, obligations=OWED)]
REPORT_DUE = a_deadline("report_due", due_on="2024-06-30")


def late(*documents: tuple[str, int], due_on: str = "2024-06-30") -> list[tuple[str, Json]]:
    named = [{"kind": kind, "year": year} for kind, year in documents]
    return [("report_late", {"convention": "C", "documents": named, "due_on": due_on})]


BALANCE = [("activity_report", 2022), ("certified_accounts", 2022)]
AWAITING = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), an_instalment(40, "balance", documents=BALANCE)]),
]
IN_TWO = stands(ordered=60, committed=40, advance=("issued", 60, 0))

REPORT_ROWS = [
    Row(
        "two documents are owed by then and did not come",
        [*OWING, REPORT_DUE],
        "accepted",
        ISSUED,
        flags=late(("activity_report", 2023), ("financial_report", 2023)),
    ),
    Row(
        "one came",
        [*OWING, a_report("financial_report", 2023), REPORT_DUE],
        "accepted",
        ISSUED,
        flags=late(("activity_report", 2023)),
    ),
    Row(
        "both came: nothing",
        [*OWING, a_report("financial_report", 2023), a_report(year=2023), REPORT_DUE],
        "accepted",
        ISSUED,
    ),
    Row(
        "one came and was rejected",
        [
            *OWING,
            a_report("financial_report", 2023),
            a_report(year=2023),
            a_rejected_report(year=2023),
            REPORT_DUE,
        ],
        "accepted",
        ISSUED,
        flags=late(("activity_report", 2023)),
    ),
    Row(
        "a terminated convention owes its reports as long as anything of it stays paid",
        [*OWING, a_payment(1), a_termination(), REPORT_DUE],
        "accepted",
        stands(ordered=99, paid=1, advance=("issued", 100, 1)),
        flags=late(("activity_report", 2023), ("financial_report", 2023)),
    ),
    Row(
        "so does one whose award fell",
        [*OWING, a_payment(1), a_withdrawal(), REPORT_DUE],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "paid": 1, "released": 99},
            {"C/advance": ("cancelled", 100, 1)},
            available=99,
            paid=1,
        ),
        flags=late(("activity_report", 2023), ("financial_report", 2023)),
    ),
    Row(
        "nothing was paid: it owes nothing",
        [*OWING, a_termination(), REPORT_DUE],
        "accepted",
        ISSUED,
    ),
    Row(
        "all of it came back: it owes nothing any more",
        [*OWING, a_payment(1), a_termination(), a_recovery(1), a_collection(1), REPORT_DUE],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "ordered": 99, "released": 1},
            {"C/advance": ("issued", 100, 1)},
            available=1,
            ordered=99,
        ),
    ),
    Row(
        "a document that was rejected is open, also where an order rests on it",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_rejected_report(),
            a_deadline("report_due"),
        ],
        "accepted",
        stands(ordered=100, advance=("issued", 60, 0), balance=("issued", 40, 0)),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "also where the order is paid",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_payment(40, "C/balance"),
            a_rejected_report(),
            a_deadline("report_due"),
        ],
        "accepted",
        stands(ordered=60, paid=40, advance=("issued", 60, 0), balance=("paid", 40, 40)),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "once it was rejected behind its order a terminated convention owes it, while it is paid",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_payment(40, "C/balance"),
            a_termination(),
            a_rejected_report(),
            a_deadline("report_due"),
        ],
        "accepted",
        stands(ordered=60, paid=40, advance=("issued", 60, 0), balance=("paid", 40, 40)),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "where no document has a day: those that its instalments wait for",
        [*AWAITING, a_report(), a_deadline("report_due")],
        "accepted",
        IN_TWO,
        flags=late(("certified_accounts", 2022), due_on="2023-07-14"),
    ),
    Row(
        "whichever of its orders was paid",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_payment(30, "C/balance"),
            an_acknowledgement("rejected", "C/balance"),
            a_report("evaluation"),
            an_acknowledgement("rejected", "C/balance/2"),
            a_rejected_report(),
            a_termination(),
            a_deadline("report_due"),
        ],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "ordered": 60, "paid": 30, "released": 10},
            {
                "C/advance": ("issued", 60, 0),
                "C/balance": ("rejected", 40, 30),
                "C/balance/2": ("rejected", 10, 0),
            },
            available=10,
            ordered=60,
            paid=30,
        ),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "once it is terminated no instalment waits for anything, though something is paid",
        [*AWAITING, a_payment(60), a_termination(), a_deadline("report_due")],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "paid": 60, "released": 40},
            {"C/advance": ("paid", 60, 60)},
            available=40,
            paid=60,
        ),
    ),
    Row(
        "once it is terminated no instalment waits for anything",
        [*AWAITING, a_termination(), a_deadline("report_due")],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "ordered": 60, "released": 40},
            {"C/advance": ("issued", 60, 0)},
            available=40,
            ordered=60,
        ),
    ),
    Row(
        "nothing is owed, nothing waits",
        [*SIGNED, a_deadline("report_due")],
        "accepted",
        ISSUED,
    ),
    Row(
        "a convention that nobody knows is waited for",
        [a_deadline("report_due")],
        "waits for convention C",
        Money(),
    ),
]

PARKED = a_report(_id="parked")
ITS_DEADLINE = a_deadline("parked", event={"source": "urn:test", "id": "parked"})
VOTED = on_one_line(100, available=100)

PARKED_ROWS = [
    Row(
        "a report waited for its convention in vain",
        [a_vote(100), PARKED, ITS_DEADLINE],
        "dependency_missing",
        VOTED,
        facts={"kind": "convention", "id": "C"},
    ),
    Row(
        "an award waited for the vote",
        [an_award(_id="parked"), ITS_DEADLINE],
        "dependency_missing",
        Money(),
        facts={"kind": "budget", "id": BUDGET},
    ),
    Row(
        "a convention waited for its award",
        [a_vote(100), a_convention(_id="parked"), ITS_DEADLINE],
        "dependency_missing",
        VOTED,
        facts={"kind": "grant", "id": "G"},
    ),
    Row(
        "a recovery waited to be asked back",
        [*SIGNED, a_recovery(1, "collected", _id="parked"), ITS_DEADLINE],
        "dependency_missing",
        ISSUED,
        facts={"kind": "recovery", "id": "C/R"},
    ),
    Row(
        "what it waited for came in time: nothing",
        [*SIGNED[:2], PARKED, SIGNED[2], ITS_DEADLINE],
        "accepted",
        ISSUED,
    ),
    Row("nobody knows such an event: nothing", [a_vote(100), ITS_DEADLINE], "accepted", VOTED),
    Row(
        "another source's event of that id waits on",
        [a_vote(100), PARKED | {"source": "urn:other"}, ITS_DEADLINE],
        "accepted",
        VOTED,
    ),
    Row(
        "what it waited for comes too late: it stays refused",
        [*SIGNED[:2], PARKED, ITS_DEADLINE, SIGNED[2]],
        "accepted",
        ISSUED,
    ),
    Row(
        "it is remembered: a repeat is silent",
        [a_vote(100), PARKED, ITS_DEADLINE, PARKED],
        "duplicate",
        VOTED,
    ),
    Row(
        "a deadline that was told twice",
        [a_vote(100), PARKED, ITS_DEADLINE, ITS_DEADLINE],
        "duplicate",
        VOTED,
    ),
]

ROWS = [*PAYMENT_ROWS, *REPORT_ROWS, *PARKED_ROWS]


@each_row(PAYMENT_ROWS)
def test_rule_29_a_payment_that_is_still_open_is_late(row: Row) -> None:
    check(row)


@each_row(REPORT_ROWS)
def test_rule_29_a_report_that_has_not_come_is_late(row: Row) -> None:
    check(row)


@each_row(PARKED_ROWS)
def test_rule_29_what_waits_too_long_is_refused(row: Row) -> None:
    check(row)


def test_rule_29_the_refusal_stands_behind_its_deadline_and_names_what_was_parked() -> None:
    story = Story(a_vote(100), PARKED, a_report(_id="another"))
    records = story.tell(ITS_DEADLINE)
    assert [("accepted", None), ("refused", 2)] == [
        (str(record.outcome), record.resumes) for record in records
    ]
    assert ("parked", "urn:test", 2) == (
        records[1].event_id,
        records[1].event_source,
        records[1].source.offset,
    )
    outcomes = story.summary()["outcomes"]
    assert (2, 1, 1) == (outcomes["accepted"], outcomes["refused"], outcomes["parked"])
    assert [3] == list(story.state.memory.parked), "the other waits on"


def read_at(topic: str, event: Json) -> Any:
    """What the ledger answers to an event that it finds on a topic of Kafka."""
    ledger, key = Ledger(), str(event["partitionkey"]).encode()
    raw = RawRecord(encoded(event), Source(topic, 0, 1), (), key, 1_685_600_000_000)
    [record] = ledger.handle(raw)
    return record.dead_letter["reason"] if record.dead_letter else str(record.outcome)


@pytest.mark.parametrize("prefix", ["", "test-"])
def test_rule_32_on_kafka_a_deadline_is_read_among_letters_alone(prefix: str) -> None:
    assert "accepted" == read_at(f"{prefix}ecluse.letters.v1", ITS_DEADLINE)
    assert "unknown_type: /type" == read_at(f"{prefix}ecluse.events.v1", ITS_DEADLINE)
    assert "accepted" == read_at(f"{prefix}ecluse.letters.v1", a_vote())
    assert "accepted" == read_at(f"{prefix}ecluse.events.v1", a_vote())


def test_rule_32_in_a_file_a_deadline_is_read() -> None:
    assert "accepted" == Story(ITS_DEADLINE).answer()
    assert {each.TYPE for each in INBOUND if each.TYPE in LETTERS} == LETTERS


def test_rule_1_of_a_deadline_in_the_wrong_place_the_first_fault_is_said() -> None:
    def reason(event: Json) -> str:
        outcome = decode(encoded(event), (), NO_KEY, Door.EVENTS)
        assert not isinstance(outcome, Received)
        return outcome.reason

    assert "invalid_value: /id" == reason(ITS_DEADLINE | {"id": ""})
    assert "unknown_type: /type" == reason(ITS_DEADLINE | {"time": "noon"})
