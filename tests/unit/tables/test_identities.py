"""Rule 33: what always holds is checked, and a book that is a cent wrong anywhere is noticed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from services.ledger.domain.invariants import CENTS_MAX, check_book, check_moved
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionMoney,
    ConventionState,
    RecoveredLine,
    Recovery,
)
from services.ledger.domain.model.lines import LineMoney, PlannedLine, line_from_row
from services.ledger.domain.model.moves import APPROPRIATE, COMMIT, Move
from services.ledger.domain.model.orders import OrderState
from tests.builders import (
    SIRET,
    Scenario,
    a_line,
)
from tests.unit.tables.event_notation import read_events

LINE = line_from_row({"function": None, "operation": None} | a_line())
YEAR = read_events("""
    vote 200; award 150;
    convention [advance 60, second 30, balance 10 against activity_report 2022]; payment 20;
    payment 5 of C/second; C/second rejected; recovery 12; collection 4
""")
"""Of 100: 60 ordered and 20 of them paid, 5 paid of a rejected order, 25 planned again, 10 waiting;
12 asked back and 4 of them back."""


def a_book() -> Book:
    return Scenario(*YEAR).book


def test_the_book_of_these_tests_is_a_true_one() -> None:
    book = a_book()
    check_book(book)
    assert LineMoney(200, 54, 50, 35, 40, 21) == book.lines[LINE]
    assert ConventionMoney(LINE, 100, 35, 40, 21, 4) == book.conventions["C"].get_money(LINE)


def convention_of(book: Book) -> Convention:
    return book.conventions["C"]


def on_line(**cents: int) -> Callable[[Book], None]:
    """So many cents more in columns of the line."""

    def change(book: Book) -> None:
        _add(book.lines[LINE], cents)

    return change


def on_share(**cents: int) -> Callable[[Book], None]:
    """So many cents more in columns of what the convention has of the line."""

    def change(book: Book) -> None:
        _add(convention_of(book).open_line(LINE), cents)

    return change


def on_both(**cents: int) -> Callable[[Book], None]:
    """The same on the line, where it is called committed, and on the convention's share."""
    names = {"remaining": "committed", "released": "available"}

    def change(book: Book) -> None:
        _add(convention_of(book).open_line(LINE), cents)
        _add(book.lines[LINE], {names.get(name, name): each for name, each in cents.items()})

    return change


def _add(money: Any, cents: dict[str, int]) -> None:
    for name, each in cents.items():
        setattr(money, name, getattr(money, name) + each)


def recovery(ordered: int, collected: int, revenue: int) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        on_line = {LINE: RecoveredLine(0, collected, revenue)}
        known = Recovery(ordered, collected, revenue, on_line)
        convention_of(book).recoveries = {"R": known}

    return change


def order(name: str, **changes: Any) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        book.orders[name] = replace(book.orders[name], **changes)

    return change


def planned(cents: int) -> Callable[[Book], None]:
    """The balance plans so much."""

    def change(book: Book) -> None:
        convention_of(book).schedule[-1].lines = (PlannedLine(LINE, cents, None),)

    return change


def planned_elsewhere(book: Book) -> None:
    elsewhere = LINE._replace(operation="490")
    convention_of(book).schedule[-1].lines = (PlannedLine(elsewhere, 1, None),)


def both(first: Callable[[Book], None], second: Callable[[Book], None]) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        first(book)
        second(book)

    return change


def line_twice(book: Book) -> None:
    convention_of(book).lines += (ConventionMoney(LINE),)


def suspended(book: Book) -> None:
    convention_of(book).state = ConventionState.SUSPENDED


def terminated(book: Book) -> None:
    convention_of(book).state = ConventionState.TERMINATED


def closed(book: Book) -> None:
    book.closed = True


def available_of_group(book: Book) -> None:
    book.group_available_cents["65"] += 1


def awarded(book: Book) -> None:
    book.awarded_cents[SIRET] -= 1


def reserve(book: Book) -> None:
    grant = book.grants["G"]
    grant.reserved_cents = {LINE: grant.reserved_cents[LINE] + 1}


# What is wrong, how it came about, what the check says.
WRONG: list[tuple[str, Callable[[Book], None], str]] = [
    ("a convention has a line twice", line_twice, "has a line twice"),
    ("a cent more is available", on_line(available=1), "does not balance"),
    ("a cent less is available", on_line(available=-1), "does not balance"),
    ("a cent more is appropriated", on_line(appropriated=1), "does not balance"),
    ("a cent more is reserved", on_line(reserved=1), "does not balance"),
    ("a cent more is committed", on_line(committed=1), "does not balance"),
    ("a cent more is ordered", on_line(ordered=1), "does not balance"),
    ("a cent more is paid", on_line(paid=1), "does not balance"),
    ("a cent more is carried over", on_line(carried_over=1), "does not balance"),
    ("reserved below zero", on_line(reserved=-51, available=51), "does not balance"),
    ("committed below zero", on_line(committed=-36, available=36), "does not balance"),
    ("ordered below zero", on_line(ordered=-41, available=41), "does not balance"),
    ("paid below zero", on_line(paid=-22, available=22), "does not balance"),
    ("carried over below zero", on_line(carried_over=-1, available=1), "does not balance"),
    ("a cent more is granted", on_share(granted=1), "does not balance"),
    ("a cent more remains", on_share(remaining=1), "does not balance"),
    ("a cent more of it is ordered", on_share(ordered=1), "does not balance"),
    ("a cent more of it is paid", on_share(paid=1), "does not balance"),
    ("a cent more of it is released", on_share(released=1), "does not balance"),
    ("a cent more of it is carried over", on_share(carried_over=1), "does not balance"),
    ("its rest below zero", on_share(remaining=-36, released=36), "does not balance"),
    ("its orders below zero", on_share(ordered=-41, released=41), "does not balance"),
    ("its payments below zero", on_share(paid=-22, released=22), "does not balance"),
    ("its releases below zero", on_share(released=-5, remaining=5), "does not balance"),
    ("its carry-over below zero", on_share(carried_over=-1, released=1), "does not balance"),
    ("no grant has what the line has reserved", on_line(reserved=1, available=-1), "in stages"),
    ("a grant has more reserved than the line", reserve, "in stages"),
    ("no convention has what is committed", on_line(committed=1, available=-1), "in stages"),
    ("no convention has what is ordered", on_line(ordered=1, available=-1), "in stages"),
    ("no convention has what is paid", on_line(paid=1, available=-1), "in stages"),
    ("no order asks for what is ordered", on_both(ordered=1, released=-1), "orders ask 40"),
    ("an order asks for more", on_both(ordered=-1, released=1), "orders ask 40"),
    ("no order had what is paid", both(planned(0), on_both(paid=5, remaining=-5)), "orders had 25"),
    (
        "what came back is still paid",
        both(planned(0), on_both(paid=4, remaining=-4)),
        "0 came back in moves",
    ),
    ("less came back than was reported", on_both(paid=1, released=-1), "3 came back in moves"),
    ("an order had more", order("C/advance", paid_cents=21), "orders ask 39"),
    ("an order had more and asks for more", order("C/second", paid_cents=6), "5 came back"),
    (
        "an order that was sent back asks again",
        order("C/second", state=OrderState.ISSUED),
        "orders ask 65",
    ),
    (
        "an order that asks was cancelled",
        both(terminated, order("C/advance", state=OrderState.CANCELLED)),
        "orders ask 0",
    ),
    ("a cent more is planned than remains", planned(11), "plans 36"),
    ("less than nothing is planned", planned(-26), "plans -1"),
    ("a cent is planned where nothing was granted", planned_elsewhere, "plans 1"),
    ("more is asked back than was paid", recovery(26, 4, 0), "is asked for too much"),
    ("more came than was asked back", recovery(3, 4, 0), "recovery R"),
    ("more is revenue than came", recovery(12, 4, 5), "recovery R"),
    ("less than no revenue", recovery(12, 4, -1), "recovery R"),
    ("a control group has a cent more", available_of_group, "control groups"),
    ("a beneficiary was awarded a cent less", awarded, "awards by beneficiary"),
]


@pytest.mark.parametrize(("change", "says"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG])
def test_rule_33_a_book_that_is_wrong_is_noticed(change: Callable[[Book], None], says: str) -> None:
    book = a_book()
    change(book)
    with pytest.raises(AssertionError, match=says):
        check_book(book)


RIGHT: list[tuple[str, Callable[[Book], None], int]] = [
    ("as much is planned as remains", suspended, 10),
    ("less is planned than remains: the rest is nobody's instalment", suspended, 0),
    ("a terminated convention plans what it likes", terminated, 11),
    ("and so does a convention of a closed year", closed, 11),
]


@pytest.mark.parametrize(("change", "cents"), [row[1:] for row in RIGHT], ids=[r[0] for r in RIGHT])
def test_rule_33_what_may_be_is_not_complained_of(
    change: Callable[[Book], None], cents: int
) -> None:
    book = a_book()
    change(book)
    planned(cents)(book)
    check_book(book)


def test_rule_33_all_may_be_asked_back_and_all_of_it_be_revenue() -> None:
    book = a_book()
    convention_of(book).recoveries = {"R": Recovery(25, 4, 0, {LINE: RecoveredLine(0, 4, 0)})}
    check_book(book)
    convention_of(book).recoveries = {
        "R": Recovery(4, 4, 0, {LINE: RecoveredLine(0, 4, 0)}),
        "S": Recovery(2, 2, 2, {LINE: RecoveredLine(0, 2, 2)}),
    }
    check_book(book)


def a_move(cents: int, convention: str | None = None) -> Move:
    kind = APPROPRIATE if convention is None else COMMIT
    return Move(LINE, convention, None, kind, cents)


def test_rule_33_money_stays_within_what_every_store_counts() -> None:
    assert 9_223_372_036_854_775_807 == CENTS_MAX


def test_rule_33_what_moved_is_checked_after_every_record() -> None:
    book = a_book()
    check_moved(book, [a_move(1), a_move(1, "C")])
    with pytest.raises(AssertionError, match="a move of nothing"):
        check_moved(book, [a_move(1), a_move(0)])
    book.lines[LINE] = LineMoney(CENTS_MAX, CENTS_MAX)
    check_moved(book, [a_move(1)])
    book.lines[LINE] = LineMoney(CENTS_MAX + 1, CENTS_MAX + 1)
    with pytest.raises(AssertionError, match="beyond all range"):
        check_moved(book, [a_move(1)])
    book.lines[LINE] = LineMoney(1, 0)
    with pytest.raises(AssertionError, match="does not balance"):
        check_moved(book, [a_move(1)])


def test_rule_33_the_share_of_a_convention_that_moved_is_checked() -> None:
    book = a_book()
    convention_of(book).open_line(LINE).granted += 1
    check_moved(book, [a_move(1)])
    with pytest.raises(AssertionError, match=r"C on .* does not balance"):
        check_moved(book, [a_move(1, "C")])


def test_rule_33_a_move_of_a_convention_is_on_a_line_of_its_own() -> None:
    book = a_book()
    convention_of(book).lines = ()
    with pytest.raises(AssertionError, match="C has nothing on"):
        check_moved(book, [a_move(1, "C")])


def test_rule_31_of_a_closed_out_year_only_what_is_left_is_checked() -> None:
    """Its lines and orders are gone, and what its conventions were paid stands alone."""
    book = a_book()
    share = ConventionMoney(LINE, granted=21, paid=21)
    left = Book(book.budget, closed=True, closed_out=True)
    left.conventions["C"] = replace(convention_of(book), schedule=(), lines=(share,))
    check_book(left)
    assert date(2023, 5, 15) == left.conventions["C"].signed_on
    left.closed_out = False
    with pytest.raises(KeyError):
        check_book(left)
