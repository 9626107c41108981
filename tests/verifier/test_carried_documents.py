"""Rules 13, 24, 29 and 32: documents and orders beyond the end of a year; written by hand."""

import json
from collections.abc import Callable, Iterable

import pytest

from services.verifier.expected.years import internal_events
from services.verifier.findings import Findings, Place
from services.verifier.journal_proof import JournalProof
from tests.builders import (
    OTHER_IBAN,
    Json,
    Scenario,
    a_bank_account,
    a_closing,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.verifier.by_hand import ByHand, a_change, a_move, an_order, flagged, refused, waits_for
from tests.verifier.memory_cluster import MemoryCluster
from tests.verifier.settled import (
    ABOVE,
    NEXT,
    PARTLY_ORDERED,
    SAME_GRANT,
    SAME_NUMBER,
    TAKEN_IN_CHARGE,
)
from tests.verifier.test_flags import (
    ACCOUNTS,
    BY_ACCOUNTS,
    BY_REPORT,
    DOCUMENT,
    DUE_ON,
    PAID_IN_PART,
    RECEIVED,
    REJECTED,
    SENT_BACK,
    a_year,
    late,
    rested,
)

Year = Callable[..., ByHand]

REST = an_instalment(10, "rest", trigger="notification")
CLOSING = [TAKEN_IN_CHARGE, a_closing("all")]
DOCUMENT_ROW = {"kind": DOCUMENT[0], "year": DOCUMENT[1]}
ACCOUNTS_ROW = {"kind": ACCOUNTS[0], "year": ACCOUNTS[1]}
ACCOUNTS_REJECTED = a_rejected_report(*ACCOUNTS, _id="accounts")
REJECTED_NEXT = a_rejected_report(_id="2024", **NEXT)
LATE_NEXT = a_deadline("report_due", due_on=DUE_ON, **NEXT)
ORDER_DUE_ON = "2023-08-25"


def a_row(name: str, cents: int = 0, **members: object) -> Json:
    """An instalment of an opening; without cents an order holds it, unless it is settled."""
    lines = [an_amount(cents)] if cents else []
    row: Json = {"trigger": "reports", "ceiling": False, "lines": lines, "orders": 0}
    if "trigger" not in members:
        row["documents"] = [DOCUMENT_ROW]
    return row | {"instalment": name} | members


ADVANCE = a_row("advance", trigger="signature", orders=1)
REST_ROW = a_row("rest", 10, trigger="notification")
NOTHING_LEFT = a_row("balance", ceiling=True, settled=True)
AGAIN = a_row("balance", 30, orders=1, due_again_on=ORDER_DUE_ON, paid_order="C/balance")
REDUCED = a_row("balance", orders=1, settled=True, paid_order="C/balance")


def opened(
    given: Iterable[Json], cents: int, *instalments: Json, name: str = "C", said: Json | None = None
) -> ByHand:
    """A year by the ledger, and its opening with these instalments, and what else is `said`."""
    scenario = Scenario(*given)
    [opening] = scenario.internal_events()
    data = opening["data"] | {"instalments": list(instalments)} | (said or {})
    return ByHand(scenario).tell(opening | {"data": data}, [a_move("- committed", cents, name)])


def expected_openings(journal: ByHand) -> list[Json]:
    """What openings the last record, a closing, must lead to say."""
    proof = JournalProof(Findings())
    closing = journal.records[-1]
    for line in journal.lines[:-1]:
        proof.read(Place(), json.loads(line)["budget"].encode(), line)
    return [each["data"] for each in internal_events(proof.books[closing.budget], closing)]


SETTLED = [*a_year(BY_ACCOUNTS, REST), a_report(eligible_cost_cents=0), *CLOSING]
SENT_BACK_IN_PART = [*a_year(REST, BY_REPORT), RECEIVED, PAID_IN_PART, SENT_BACK]
CARRIED_REJECTED: Json = {"rejected": [DOCUMENT_ROW]}


def settled_at_nothing(**said: object) -> ByHand:
    return opened(SETTLED, 10, ADVANCE, NOTHING_LEFT, REST_ROW, said=said)


def paid_in_part(*before: Json, **said: object) -> ByHand:
    given = [*SENT_BACK_IN_PART, *before, *CLOSING]
    return opened(given, 40, ADVANCE, REST_ROW, AGAIN, said=said)


def reduced(**said: object) -> ByHand:
    given = [*SENT_BACK_IN_PART, a_reduction(30), *CLOSING]
    return opened(given, 10, ADVANCE, REST_ROW, REDUCED, said={"former_instalments": []} | said)


@pytest.mark.parametrize(
    "year", [settled_at_nothing, paid_in_part, reduced], ids=lambda year: year.__name__
)
def test_rule_32_an_opening_says_what_is_settled_and_what_was_paid(year: Year) -> None:
    assert set() == year().codes()
    assert {"message_differs"} == year(rejected=[DOCUMENT_ROW]).codes()
    assert {"message_differs"} == year(replaced="G").codes()


@pytest.mark.parametrize(
    ("given", "instalments"),
    [
        (SETTLED, [ADVANCE, REST_ROW]),
        (SETTLED, [ADVANCE, NOTHING_LEFT | {"settled": None}, REST_ROW]),
        (SETTLED, [ADVANCE, REST_ROW, NOTHING_LEFT]),
        (
            [*SENT_BACK_IN_PART, *CLOSING],
            [ADVANCE, REST_ROW, AGAIN | {"paid_order": None}],
        ),
        (
            [*SENT_BACK_IN_PART, *CLOSING],
            [ADVANCE | {"paid_order": "C/advance"}, REST_ROW, AGAIN],
        ),
    ],
    ids=["left out", "not said", "in another place", "no paid order", "one of a held instalment"],
)
def test_rule_32_one_that_says_otherwise_is_found(
    given: list[Json], instalments: list[Json]
) -> None:
    cents = sum(each["amount_cents"] for row in instalments for each in row["lines"])
    assert "message_differs" in opened(given, cents, *instalments).codes()


def test_rule_32_an_explicit_null_says_what_absence_says() -> None:
    nothing: Json = {"settled": None, "paid_order": None}
    rows = (ADVANCE | nothing, BY_REPORT_ROW | nothing)
    said: Json = {"rejected": None, "replaced": None}
    assert set() == opened([*a_year(BY_REPORT), *CLOSING], 40, *rows, said=said).codes()


BY_REPORT_ROW = a_row("balance", 40)


def test_rule_32_one_without_documents_of_which_nothing_is_left_is_a_former_one() -> None:
    signed = a_convention(instalments=[REST, an_instalment(60)])
    sent_back = [a_payment(10), an_acknowledgement("rejected"), a_reduction(50)]
    given = [a_vote(1_000), an_award(70), signed, *sent_back, a_closing("all")]
    former = {"former_instalments": [{"instalment": "advance", "orders": 1}]}
    assert set() == opened(given, 10, REST_ROW, said=former).codes()
    settled = ADVANCE | {"settled": True, "paid_order": "C/advance"}
    none: Json = {"former_instalments": []}
    assert {"message_differs"} == opened(given, 10, REST_ROW, settled, said=none).codes()


def test_rule_32_rejected_documents_stand_in_the_order_of_their_first_rejection_since() -> None:
    given = [
        *a_year(an_instalment(40, "balance", documents=[DOCUMENT, ACCOUNTS])),
        REJECTED,
        ACCOUNTS_REJECTED,
        RECEIVED,
        a_rejected_report(_id="since"),
        a_rejected_report(*ACCOUNTS, _id="twice"),
        a_report("evaluation"),
        *CLOSING,
    ]
    balance = a_row("balance", 40, documents=[DOCUMENT_ROW, ACCOUNTS_ROW])
    for rejected, codes in (
        ([ACCOUNTS_ROW, DOCUMENT_ROW], set()),
        ([DOCUMENT_ROW, ACCOUNTS_ROW], {"message_differs"}),
        ([DOCUMENT_ROW], {"message_differs"}),
        (None, {"message_differs"}),
    ):
        journal = opened(given, 40, ADVANCE, balance, said={"rejected": rejected})
        assert codes == journal.codes()


def test_rule_29_a_document_that_was_rejected_is_open_in_the_new_year() -> None:
    """No money waits for it: its instalment is settled."""
    given = [*SETTLED[:-2], REJECTED, *CLOSING]
    journal = opened(given, 10, ADVANCE, NOTHING_LEFT, REST_ROW, said=CARRIED_REJECTED)
    [facts] = late(DOCUMENT)
    assert set() == journal.tell(LATE_NEXT, **flagged("report_late", **facts)).codes()
    without = opened(given, 10, ADVANCE, NOTHING_LEFT, REST_ROW, said=CARRIED_REJECTED)
    assert {"flag_differs"} == without.tell(LATE_NEXT).codes()


def test_rule_29_so_is_that_of_a_settled_instalment_once_it_is_rejected_there() -> None:
    [facts] = late(DOCUMENT)
    assert set() == settled_at_nothing().tell(LATE_NEXT).codes()
    journal = settled_at_nothing().tell(REJECTED_NEXT)
    assert set() == journal.tell(LATE_NEXT, **flagged("report_late", **facts)).codes()


@pytest.mark.parametrize("is_paid", [True, False])
def test_rule_29_a_terminated_one_owes_what_was_rejected_after_its_order(is_paid: bool) -> None:
    """Its advance stays paid; of the balance something was paid, or it is settled at nothing."""
    if is_paid:
        given = [*SENT_BACK_IN_PART, REJECTED, *CLOSING]
        journal = opened(given, 40, ADVANCE, REST_ROW, AGAIN, said=CARRIED_REJECTED)
    else:
        given = [*SETTLED[:-2], REJECTED, *CLOSING]
        journal = opened(given, 10, ADVANCE, NOTHING_LEFT, REST_ROW, said=CARRIED_REJECTED)
    left = 40 if is_paid else 10
    ended = a_termination(effective_on="2023-06-01", **NEXT)
    journal.tell(ended, [a_move("committed available", left)])
    flags = flagged("report_late", **late(DOCUMENT)[0]) if is_paid else {}
    assert set() == journal.tell(LATE_NEXT, **flags).codes()


RESTED = flagged("report_rejected_after_order", **rested("C/balance")[0])


@pytest.mark.parametrize("year", [paid_in_part, reduced], ids=lambda year: year.__name__)
def test_rule_24_an_order_of_the_year_before_of_which_a_part_was_paid_counts(year: Year) -> None:
    assert set() == year().tell(REJECTED_NEXT, **RESTED).codes()
    assert {"flag_differs"} == year().tell(REJECTED_NEXT).codes()


def issued_again() -> ByHand:
    """The rest of the order of the year before, ordered in the new one."""
    account: Json = {"bank_account": a_bank_account(OTHER_IBAN), "previous": "C/balance"}
    order = an_order("C/balance/2", (30, "489"), due_on=ORDER_DUE_ON, **account)
    move = a_move("committed ordered", 30, "C", "balance")
    return paid_in_part().tell(a_new_account(**NEXT), [move], [order])


def test_rule_24_of_an_order_there_and_one_of_before_the_last_that_rests_counts() -> None:
    second = flagged("report_rejected_after_order", **rested("C/balance/2")[0])
    assert set() == issued_again().tell(REJECTED_NEXT, **second).codes()
    journal = issued_again().tell(
        an_acknowledgement("rejected", "C/balance/2", **NEXT),
        [a_move("ordered committed", 30, "C", "balance")],
        [a_change("C/balance/2", "rejected", 30, 0, due_on=ORDER_DUE_ON)],
    )
    assert set() == journal.tell(REJECTED_NEXT, **RESTED).codes()


def test_rule_24_an_amendment_leaves_it_behind() -> None:
    anew = an_instalment(40, "balance", documents=[DOCUMENT, ACCOUNTS])
    journal = paid_in_part().tell(an_amendment(instalments=[anew], **NEXT))
    assert set() == journal.tell(REJECTED_NEXT).codes()


def test_rule_24_one_that_an_amendment_left_behind_is_not_carried() -> None:
    anew = an_instalment(40, "balance", documents=[DOCUMENT, ACCOUNTS])
    given = [*SENT_BACK_IN_PART, an_amendment(instalments=[anew]), *CLOSING]
    documents = [DOCUMENT_ROW, ACCOUNTS_ROW]
    row = a_row("balance", 40, orders=1, documents=documents, amended_on="2023-09-01")
    assert set() == opened(given, 40, ADVANCE, row).tell(REJECTED_NEXT).codes()
    wrong = opened(given, 40, ADVANCE, row | {"paid_order": "C/balance"})
    assert {"message_differs"} == wrong.codes()


def test_rule_32_where_its_number_is_taken_the_order_keeps_its_name() -> None:
    given = [*SENT_BACK_IN_PART, *CLOSING, *SAME_NUMBER]
    journal = opened(given, 40, ADVANCE, REST_ROW, AGAIN, name="C@2023")
    row = rested("C/balance")[0] | {"convention": "C@2023"}
    event = a_rejected_report(convention="C@2023", **NEXT)
    assert set() == journal.tell(event, **flagged("report_rejected_after_order", **row)).codes()


def test_rule_32_and_so_it_all_goes_on_year_after_year() -> None:
    """The new year decides nothing of it, and is closed."""
    for journal in (paid_in_part(REJECTED, **CARRIED_REJECTED), reduced(), settled_at_nothing()):
        before = journal.records[-1].event["data"]
        [data] = expected_openings(journal.tell(a_closing("all", _id="2024", **NEXT)))
        wanted = [without_absent(each) for each in before["instalments"]]
        assert wanted == [without_absent(each) for each in data["instalments"]]
        assert before.get("rejected") == data["rejected"]


def without_absent(row: Json) -> Json:
    lines = [{"amount_cents": each["amount_cents"]} for each in row["lines"]]
    return {name: each for name, each in row.items() if each is not None} | {"lines": lines}


# Of the grant's order of 600,000 a third was paid, and it was rejected before the convention was
# signed for the rest: no instalment bears the grant's name.
LATER = an_instalment(1_800_000, "1", trigger="notification")
REPLACED = [
    *PARTLY_ORDERED,
    a_payment(200_000, "G/1"),
    an_acknowledgement("rejected", "G/1"),
    ABOVE[-1],
    a_convention(instalments=[LATER], bank_account=...),
    a_closing("all"),
]
LATER_ROW = a_row("1", 1_800_000, trigger="notification")


def replaced(*before: Json, grant: str | None = "G") -> ByHand:
    return opened([*REPLACED, *before], 1_800_000, LATER_ROW, said={"replaced": grant})


def test_rule_32_an_opening_names_the_grant_that_its_convention_replaced() -> None:
    assert set() == replaced().codes()
    assert {"message_differs"} == replaced(grant="H").codes()
    assert {"message_differs"} == replaced(grant=None).codes()


def test_rule_32_not_one_of_which_nothing_was_ordered_or_paid() -> None:
    alone = an_award(100, requires_convention=False)
    given = [a_vote(100), alone, a_convention(instalments=[NOTIFIED]), a_closing("all")]
    row = a_row("1", 100, trigger="notification")
    assert set() == opened(given, 100, row).codes()
    assert {"message_differs"} == opened(given, 100, row, said={"replaced": "G"}).codes()


NOTIFIED = an_instalment(100, "1", trigger="notification")
NOTHING_PAID = refused("recovery_exceeds", convention="C", room_cents=0, asked_cents=1)


def test_rule_13_a_recovery_may_name_it_there_though_no_instalment_does() -> None:
    by_grant = a_recovery(1, convention="G", **NEXT)
    assert set() == replaced().tell(by_grant, **NOTHING_PAID).codes()
    assert "parked_needlessly" in replaced().tell(by_grant, **waits_for("convention", "G")).codes()


def test_rule_32_where_the_reference_is_awarded_there_it_has_another_name_too() -> None:
    renamed, other = (a_recovery(1, convention=name, **NEXT) for name in ("G@2023", "G"))
    journal = replaced(*SAME_GRANT).tell(renamed, **NOTHING_PAID)
    assert set() == journal.tell(other, **waits_for("convention", "G")).codes()
    [data] = expected_openings(journal.tell(a_closing("all", _id="2024", **NEXT)))
    assert "G@2023" == data["replaced"]


ANEW = an_amendment(instalments=[an_instalment(40, "balance", documents=[DOCUMENT, ACCOUNTS])])
SECOND_SENT_BACK = an_acknowledgement("rejected", "C/balance/2", **NEXT)
ALL_BACK = [*a_year(REST, BY_REPORT), RECEIVED, SENT_BACK]
IN_NEXT_YEAR = [
    REJECTED_NEXT,
    LATE_NEXT,
    a_report(_id="again", **NEXT),
    a_rejected_report(_id="once more", **NEXT),
    a_termination(**NEXT),
    a_deadline("report_due", due_on=DUE_ON, _id="ended", **NEXT),
]
NEXT_CLOSING = a_closing("all", _id="2024", **NEXT)


@pytest.mark.parametrize(
    ("given", "after"),
    [
        (SETTLED, IN_NEXT_YEAR),
        ([*SENT_BACK_IN_PART, a_reduction(30), REJECTED, *CLOSING], IN_NEXT_YEAR),
        ([*ALL_BACK, a_reduction(40), *CLOSING], IN_NEXT_YEAR),
        ([*SENT_BACK_IN_PART, *CLOSING], [a_new_account(**NEXT), SECOND_SENT_BACK, *IN_NEXT_YEAR]),
        ([*SENT_BACK_IN_PART, REJECTED, ANEW, *CLOSING], IN_NEXT_YEAR),
        ([*SENT_BACK_IN_PART, a_reduction(30), REJECTED, *CLOSING], [NEXT_CLOSING]),
        ([*REPLACED, *SAME_GRANT], [a_recovery(1, convention="G@2023", **NEXT), NEXT_CLOSING]),
    ],
    ids=["settled", "reduced", "reduced unpaid", "part-paid", "anew", "twice", "replaced"],
)
def test_what_the_ledger_makes_of_it_is_proved(given: list[Json], after: list[Json]) -> None:
    """The two implementations agree, each by its own reading."""
    assert [] == MemoryCluster().tell(given).tell(after).findings()
