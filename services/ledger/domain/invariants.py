"""Invariants, asserted in production too (rules, 33): a failure is a bug, and stops the ledger."""

from collections.abc import Iterable
from operator import attrgetter

from services.ledger.domain.limits import group_of
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import GIVEN_BACK
from services.ledger.domain.model.schedules import cents_by_line, has_ended, is_live

CENTS_MAX = 2**63 - 1
"""The largest amount that stores and readers can count."""


def check_moved(book: Book, moves: Iterable[Move]) -> None:
    """Assert that each line and convention whose money a record moved still balances."""
    for move in moves:
        assert move.amount_cents > 0, f"a move of nothing: {move}"
        money = book.lines[move.line]
        assert money.balances(), f"line {move.line} does not balance: {money}"
        assert money.appropriated <= CENTS_MAX, f"line {move.line} is beyond all range: {money}"
        if move.convention is not None:
            share = book.conventions[move.convention].find_money(move.line)
            assert share is not None, f"{move.convention} has nothing on {move.line}"
            assert share.balances(), f"{move.convention} on {move.line} does not balance: {share}"


def check_book(book: Book) -> None:
    """Everything, added up again from the smallest pieces."""
    for line, money in book.lines.items():
        assert money.balances(), f"line {line} does not balance: {money}"
    for name, convention in book.conventions.items():
        named = {share.line for share in convention.lines}
        assert len(named) == len(convention.lines), f"{name} has a line twice"
        for share in convention.lines:
            assert share.balances(), f"{name} on {share.line} does not balance: {share}"
        _check_plan(book, convention)
        _check_recoveries(convention)
    if not book.closed_out:  # A closed-out year keeps only sums paid and recoveries.
        _check_lines_against_conventions(book)
        _check_orders(book)
    _check_sums(book)


def _check_lines_against_conventions(book: Book) -> None:
    """Lines hold reserved, committed, ordered and paid what grants and conventions hold."""
    held: dict[Line, list[int]] = {line: [0, 0, 0, 0] for line in book.lines}
    for grant in book.grants.values():
        for line, cents in grant.reserved_cents.items():
            held[line][0] += cents
    for convention in book.conventions.values():
        for share in convention.lines:
            held[share.line][1] += share.remaining
            held[share.line][2] += share.ordered
            held[share.line][3] += share.paid
    for line, money in book.lines.items():
        stages = [money.reserved, money.committed, money.ordered, money.paid]
        assert stages == held[line], f"line {line}: {stages} in stages, {held[line]} held"


def _check_plan(book: Book, convention: Convention) -> None:
    """A schedule that is not ordered is committed, until a convention or its year ends."""
    if has_ended(book, convention):
        return
    not_ordered = [each for each in convention.schedule if not is_live(book, each)]
    remaining = convention.map_lines(attrgetter("remaining"))
    for line, cents in cents_by_line(not_ordered).items():
        assert 0 <= cents <= remaining.get(line, 0), (
            f"{convention.convention} on {line} plans {cents}"
        )


def _check_recoveries(convention: Convention) -> None:
    """Nothing is asked back that was not paid, and nothing comes back that was not asked."""
    assert convention.recoverable_cents >= 0, f"{convention.convention} is asked for too much"
    for number, each in convention.recoveries.items():
        known = 0 <= each.revenue_cents <= each.collected_cents <= each.ordered_cents
        assert known, f"{convention.convention}, recovery {number}: {each}"
        collected_cents = sum([line.collected_cents for line in each.lines.values()])
        assert collected_cents == each.collected_cents, f"recovery {number}: {each} by line"


def _check_orders(book: Book) -> None:
    """Conventions have ordered and paid what their orders ask and were paid.

    Of what was paid, recoveries took some back; the orders keep their figures (rules, 27).
    """
    ordered: dict[tuple[str, Line], int] = {}
    paid: dict[tuple[str, Line], int] = {}
    for order in book.orders.values():
        paid_by_line = order.split_paid_by_line()
        convention, _ = book.place_of(order)
        for each in order.lines:
            paid_cents = paid_by_line.get(each.line, 0)
            key = (convention.convention, each.line)
            paid[key] = paid.get(key, 0) + paid_cents
            if order.state not in GIVEN_BACK:
                ordered[key] = ordered.get(key, 0) + each.amount_cents - paid_cents
    for name, convention in book.conventions.items():
        recovered_cents = 0
        for share in convention.lines:
            line = share.line
            asked = ordered.get((name, line), 0)
            assert share.ordered == asked, f"{name} on {line}: orders ask {asked}"
            had = paid.get((name, line), 0)
            assert share.paid <= had, f"{name} on {line}: orders had {had}"
            recovered_cents += had - share.paid
        known = convention.recoveries.values()
        moved_cents = sum([each.collected_cents - each.revenue_cents for each in known])
        assert recovered_cents == moved_cents, f"{name}: {recovered_cents} came back in moves"


def _check_sums(book: Book) -> None:
    """The sums that are kept are the sums of what they are kept for."""
    assert book.group_available_cents == group_sums(book), "control groups do not add up"
    assert book.awarded_cents == sum_awards(book), "awards by beneficiary do not add up"


def group_sums(book: Book) -> dict[str, int]:
    """Available credit by control group, added up."""
    sums: dict[str, int] = {}
    for line, money in book.lines.items():
        group = group_of(book.control_level, line)
        sums[group] = sums.get(group, 0) + money.available
    return sums


def sum_awards(book: Book) -> dict[str, int]:
    """The year's own awards by SIRET, added up; those that fell count no more (rules, 14)."""
    sums: dict[str, int] = {}
    for grant in book.grants.values():
        if grant.award is not None and grant.award.own_cents and not grant.withdrawn:
            siret = grant.award.beneficiary.siret
            sums[siret] = sums.get(siret, 0) + grant.award.own_cents
    return sums
