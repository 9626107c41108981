"""The settled words of rules 7, 13, 17, 22, 27, 28 and 32, each in a journal written by hand."""

import json

import pytest

from services.verifier.expected.years import internal_events, read_carried_convention
from services.verifier.findings import Findings, Place
from services.verifier.journal_proof import JournalProof
from tests.builders import (
    OTHER_IBAN,
    Json,
    Scenario,
    a_bank_account,
    a_closing,
    a_collection,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_recovery,
    a_report,
    a_suspension,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events
from tests.verifier import settled
from tests.verifier.by_hand import ByHand, a_change, a_move, an_order, refused
from tests.verifier.memory_cluster import MemoryCluster
from tests.verifier.settled import (
    ABOVE,
    ALONE_YEAR,
    ASKED_BACK,
    CAME_BACK,
    CARRIED,
    FELL,
    FOR_THE_REST,
    ISSUED_AGAIN,
    IT_FELL,
    NAMED,
    NAMED_TOO,
    NEXT,
    OF_THE_OLD_ORDER,
    PAID,
    PAID_IN_PART,
    PARTLY_ORDERED,
    PLANNED_ANEW,
    RECORDED,
    RENAMED,
    SAME_GRANT,
    SAME_NUMBER,
    SENT_BACK,
)


@pytest.mark.parametrize(
    ("given", "after"), [row[1:] for row in settled.GIVEN], ids=[row[0] for row in settled.GIVEN]
)
def test_what_the_ledger_makes_of_it_is_proved(given: list[Json], after: list[Json]) -> None:
    """The two implementations agree, each by its own reading."""
    assert [] == MemoryCluster().tell(given).tell(after).findings()


def back(cents: int, operation: str = "489") -> Json:
    return a_move("paid available", cents, operation=operation)


@pytest.mark.parametrize(
    ("before", "moves"),
    [
        (PAID_IN_PART, [back(500)]),
        (ISSUED_AGAIN, [back(500)]),
        (PLANNED_ANEW, [back(100, "490"), back(400)]),
    ],
    ids=["a rejection", "a new order", "an amendment that takes the first line away"],
)
def test_rule_27_lines_give_back_in_their_order_as_signed_or_amended(
    before: list[Json], moves: list[Json]
) -> None:
    assert [] == ByHand(Scenario(*before, ASKED_BACK)).tell(CAME_BACK, moves).findings()


def test_rule_27_a_kept_instalment_keeps_the_order_of_its_lines_through_an_amendment() -> None:
    """It was paid in part, rejected and issued again; the amendment plans another beside it."""
    more = an_instalment(lines=[an_amount(7, "490")], name="more", trigger="notification")
    amendment = an_amendment(instalments=[more], act=an_act("2023-09-01"))
    scenario = Scenario(*ISSUED_AGAIN, amendment, ASKED_BACK)
    assert [] == ByHand(scenario).tell(CAME_BACK, [back(500)]).findings()


def test_rule_27_a_ledger_that_collects_on_what_a_rejection_left_is_disproved() -> None:
    """The ledger did so, and a verifier that shared the reading proved it."""
    wrong = [back(100, "490"), back(400)]
    found = ByHand(Scenario(*PAID_IN_PART, ASKED_BACK)).tell(CAME_BACK, wrong).findings()
    assert {"moves_differ"} == {code for code, _ in found}


EXCEEDS = {"convention": "C", "asked_cents": 300}
HEADROOMS: list[tuple[str, list[Json], int | None]] = [
    ("what another recovery names and has not brought", [NAMED], 200),
    ("what it has brought is paid no more", [NAMED, settled.IN_PART], 200),
    ("what came in one sum came on that line too", [NAMED, a_collection(400)], 200),
    ("a sum that another asks names no line", [a_recovery(400)], None),
    ("what came without a name leaves that much less", [a_recovery(400), a_collection(400)], 200),
]


@pytest.mark.parametrize(
    ("before", "headroom"), [row[1:] for row in HEADROOMS], ids=[r[0] for r in HEADROOMS]
)
def test_rule_27_a_line_has_a_room_of_its_own(before: list[Json], headroom: int | None) -> None:
    journal = ByHand(Scenario(*PAID, *before))
    more = {} if headroom is None else refused("recovery_exceeds", room_cents=headroom, **EXCEEDS)
    assert [] == journal.tell(NAMED_TOO, **more).findings()


CLOSED = [*PAID, *read_events("closing none; recovery 600 on 489; collection 600 on 489")]


def test_rule_31_so_it_has_in_a_closed_year() -> None:
    none_left = refused("recovery_exceeds", room_cents=0, **EXCEEDS)
    assert [] == ByHand(Scenario(*CLOSED)).tell(NAMED_TOO, **none_left).findings()


def test_rule_31_what_came_on_a_line_of_a_closed_year_does_not_come_again() -> None:
    journal = ByHand(Scenario(*CLOSED, a_recovery(400, recovery="T", _id="T")))
    of_the_line = a_collection(lines=[an_amount(1)], recovery="T", _id="of T")
    none_left = refused("recovery_exceeds", convention="C", room_cents=0, asked_cents=1)
    assert [] == journal.tell(of_the_line, **none_left).findings()


def test_rule_22_accounts_that_prove_nothing_are_a_cost_of_0() -> None:
    signed = a_convention(instalments=[settled.HALF, settled.BY_ACCOUNTS])
    journal = ByHand(Scenario(a_vote(100), an_award(100), signed))
    event = a_report(eligible_cost_cents=0, received_on="2023-06-01")
    moves = [a_move("committed available", 40, "C", "b")]
    assert [] == journal.tell(event, moves).findings()


def for_the_rest(*before: Json) -> ByHand:
    """Of 1,400,000 that are not ordered the convention takes 1,000,000, and pays them at once."""
    moves = [
        a_move("committed available", 400_000),
        a_move("committed ordered", 1_000_000, "C", "1"),
    ]
    order = an_order("C/1", (1_000_000, "489"), bank_account=a_bank_account(OTHER_IBAN))
    return ByHand(Scenario(*ABOVE, *before)).tell(FOR_THE_REST, moves, [order])


BOTH = [("G/1", 400_000), ("1", 1_000_000)]
"""What is open of the grant's instalment, and of the convention's own."""
OLD: Json = {"amount_cents": 600_000, "due_on": "2023-06-11"}


def sent_back() -> ByHand:
    """The order that the grant had: paid in part under its convention, and rejected."""
    payment, rejection, _ = OF_THE_OLD_ORDER
    journal = for_the_rest()
    journal.tell(
        payment,
        [a_move("ordered paid", 200_000, "C", "G/1")],
        [a_change("G/1", "issued", paid_cents=200_000, **OLD)],
    )
    return journal.tell(
        rejection,
        [a_move("ordered committed", 400_000, "C", "G/1")],
        [a_change("G/1", "rejected", paid_cents=200_000, **OLD)],
    )


def issued_again() -> ByHand:
    order = an_order("G/1/2", (400_000, "489"), due_on=OLD["due_on"], previous="G/1")
    move = a_move("committed ordered", 400_000, "C", "G/1")
    return sent_back().tell(OF_THE_OLD_ORDER[-1], [move], [order])


def test_rule_13_a_convention_may_be_signed_for_what_rule_14_holds_back() -> None:
    assert [] == for_the_rest().findings()


def test_rule_13_orders_that_exist_keep_their_names_and_count_in_its_figures() -> None:
    assert [] == issued_again().findings()


def test_rule_13_its_instalments_are_its_own_whatever_the_grant_called_its() -> None:
    """Both have one called 1: the grant's cannot be planned anew, and its own cannot either."""
    anew = an_amendment(instalments=[an_instalment(5, "1")])
    facts = {"convention": "C", "instalment": "1", "remaining_cents": 0, "asked_cents": 5}
    assert [] == issued_again().tell(anew, **refused("below_ordered", **facts)).findings()
    gone = an_amendment(instalments=[an_instalment(5, "x", trigger="notification")])
    moves = [a_move("committed available", 399_995)]
    assert [] == sent_back().tell(gone, moves).tell(OF_THE_OLD_ORDER[-1]).findings()


def test_rule_17_a_grant_that_falls_takes_the_orders_under_both_names_with_it() -> None:
    moves = [
        *(a_move("ordered committed", cents, "C", of) for of, cents in BOTH),
        *(a_move("committed available", cents, "C", of) for of, cents in BOTH),
    ]
    orders = [
        a_change("G/1/2", "cancelled", 400_000, 0, due_on=OLD["due_on"]),
        a_change("C/1", "cancelled", 1_000_000, 0),
    ]
    assert [] == issued_again().tell(a_withdrawal(), moves, orders).findings()


def test_rule_32_what_a_grant_had_ordered_goes_on_under_its_name() -> None:
    """An internal event calls an instalment as the orders that it had."""
    journal = sent_back().tell(
        an_acknowledgement(order="C/1"), [], [a_change("C/1", "taken_in_charge", 1_000_000, 0)]
    )
    proof = JournalProof(Findings())
    for number, line in enumerate(journal.lines):
        proof.read(Place(offset=number), json.loads(line)["budget"].encode(), line)
    closing = journal.tell(a_closing("all")).records[-1]
    [internal_event] = internal_events(proof.books[closing.budget], closing)
    [old, own] = internal_event["data"]["instalments"]
    assert ("G/1", 1) == (old["instalment"], old["orders"])
    assert ("1", []) == (own["instalment"], own["lines"])
    assert ["G/1", "1"] == list(read_carried_convention(internal_event["data"], "C", "G").schedule)


@pytest.mark.parametrize(
    ("before", "code", "facts"),
    [
        (PARTLY_ORDERED, "convention_exists", {}),
        ([*ABOVE[:-1], a_notification(convention="G"), ABOVE[-1]], "convention_exists", {}),
    ],
    ids=["below the limit", "all is ordered"],
)
def test_rule_13_else_it_exists(before: list[Json], code: str, facts: Json) -> None:
    more = refused(code, convention="C", **facts)
    assert [] == ByHand(Scenario(*before)).tell(FOR_THE_REST, **more).findings()


def test_rule_13_it_is_signed_for_that_rest_alone() -> None:
    event = a_convention(1_400_001, bank_account=...)
    cents = {"award_cents": 1_400_000, "asked_cents": 1_400_001}
    more = refused("exceeds_award", convention="C", line=a_line(), **cents)
    assert [] == ByHand(Scenario(*ABOVE)).tell(event, **more).findings()


def opened(given: list[Json], *moves: Json, orders: tuple[Json, ...] = ()) -> ByHand:
    """The one internal event of a closing, read behind what was reported, and what it leads to."""
    scenario = Scenario(*given)
    [internal_event] = scenario.internal_events()
    return ByHand(scenario).tell(internal_event, moves, orders)


def carried(name: str = "C", cents: int = 40) -> Json:
    return a_move("- committed", cents, name)


def test_rule_32_where_its_number_is_taken_a_convention_goes_on_under_another() -> None:
    journal = opened([*CARRIED, *SAME_NUMBER], carried("C@2023"))
    order = an_order("C@2023/balance", (40, "489"), due_on="2023-08-25")
    event = a_report(year=2023, **RENAMED)
    move = a_move("committed ordered", 40, "C@2023", "balance")
    assert [] == journal.tell(event, [move], [order]).findings()


def test_rule_32_so_it_does_where_its_reference_is_awarded_there() -> None:
    assert [] == opened([*ALONE_YEAR, *SAME_GRANT], carried("G@2023")).findings()


def test_rule_32_what_waited_for_the_number_is_woken_under_it() -> None:
    given = [a_report("evaluation", 2023, **RENAMED), *CARRIED, *SAME_NUMBER]
    journal = opened(given, carried("C@2023"))
    assert ["not_resumed"] == [code for code, _ in journal.findings()]


def test_rule_32_an_order_that_is_issued_again_there_names_the_one_before_as_it_was() -> None:
    account: Json = {"bank_account": a_bank_account(OTHER_IBAN), "issued_on": "2024-01-31"}
    order = an_order(
        "C@2023/advance/2", (60, "489"), due_on="2023-07-14", previous="C/advance", **account
    )
    given = [*SENT_BACK, *SAME_NUMBER, a_new_account(**NEXT)]
    moves = (carried("C@2023", 100), a_move("committed ordered", 60, "C@2023", "advance"))
    assert [] == opened(given, *moves, orders=(order,)).findings()


@pytest.mark.parametrize(
    ("before", "name"), [(FELL, "C"), ([*SAME_NUMBER, *FELL[1:]], "C@2023")], ids=["C", "C@2023"]
)
def test_rule_32_where_its_grant_fell_the_money_is_available(before: list[Json], name: str) -> None:
    moves = (carried(name), a_move("committed available", 40, name))
    journal = opened([*CARRIED, *before], *moves)
    suspended = a_suspension(convention=name, **NEXT)
    more = refused("convention_terminated", convention=name)
    assert [] == journal.tell(suspended, **more).findings()


@pytest.mark.parametrize("before", [SAME_NUMBER, FELL], ids=["a number taken", "a grant that fell"])
def test_rule_32_an_internal_event_is_refused_by_a_closed_year_alone(before: list[Json]) -> None:
    scenario = Scenario(*CARRIED, *before)
    [internal_event] = scenario.internal_events()
    more = refused("convention_exists", convention="C")
    found = ByHand(scenario).tell(internal_event, **more).findings()
    assert ["refused_otherwise"] == [code for code, _ in found]
    scenario.tell(an_acknowledgement(**NEXT))
    scenario.tell(a_closing(_id="2024", **NEXT))
    journal = ByHand(scenario).tell(
        internal_event, **refused("fiscal_year_closed", budget=NEXT["budget"])
    )
    assert [] == journal.findings()


def test_rule_28_the_withdrawal_of_a_concurring_act_does_not_wait_for_the_award() -> None:
    assert [] == ByHand(Scenario(RECORDED)).tell(IT_FELL).findings()
    waits: Json = {"outcome": "parked", "waits_for": {"kind": "grant", "id": "G"}}
    found = ByHand(Scenario(RECORDED)).tell(IT_FELL, **waits).findings()
    assert ["parked_needlessly"] == [code for code, _ in found]
    assert [] == ByHand(Scenario()).tell(IT_FELL, **waits).tell(RECORDED).findings()


def test_rule_7_a_move_has_an_instalment_or_says_that_it_has_none() -> None:
    move = back(500)
    del move["instalment"]
    found = ByHand(Scenario(*PAID_IN_PART, ASKED_BACK)).tell(CAME_BACK, [move]).findings()
    assert "record_malformed" in [code for code, _ in found]
