"""Votes and transfers of credits: as every subject of the table of handlers, a module."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from events.budgets import BudgetVoted, CreditsTransferred
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.invariants import group_sums
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.limits import find_shortfall, flag_overdrawn
from services.ledger.domain.model.answers import Missing, Refusal
from services.ledger.domain.model.book import Book, BudgetState, Want
from services.ledger.domain.model.lines import line_of
from services.ledger.domain.model.moves import APPROPRIATE, WITHDRAW, Move
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits


def vote(book: Book, event: BudgetVoted, _at: Context) -> Accepted | Refused | Waits:
    """The initial vote opens credits; later ones open more or take away (rules, 26 and 30)."""
    if event.stage == "initial":
        if book.vote_level is not None:
            return Refused(Refusal.BUDGET_ALREADY_VOTED, {"budget": book.budget})
    elif book.vote_level is None:
        return Waits(Want(Missing.BUDGET, book.budget))
    moves = [
        Move(
            line_of(each.line),
            None,
            None,
            APPROPRIATE if each.amount_cents > 0 else WITHDRAW,
            abs(each.amount_cents),
        )
        for each in event.appropriations
    ]
    return Accepted(moves) if event.stage == "initial" else control(book, moves)


def transfer(book: Book, event: CreditsTransferred, _at: Context) -> Accepted | Refused | Waits:
    """Credits leave one line for another (rules, 26)."""
    if book.vote_level is None:
        return Waits(Want(Missing.BUDGET, book.budget))
    moves = [
        Move(line_of(event.from_line), None, None, WITHDRAW, event.amount_cents),
        Move(line_of(event.to_line), None, None, APPROPRIATE, event.amount_cents),
    ]
    return control(book, moves)


def control(book: Book, moves: list[Move]) -> Accepted | Refused:
    """The moves, unless a vote level would end below zero; finer levels only raise a flag."""
    facts = find_shortfall(book, moves)
    if facts is not None:
        return Refused(Refusal.INSUFFICIENT_CREDIT, facts)
    return Accepted(moves, flags=flag_overdrawn(book, moves))


def _apply_vote(state: BudgetState, _record: JournalRecord, event: BudgetVoted) -> None:
    book = state.book
    if event.vote_level is not None:
        book.vote_level = event.vote_level
        # Credit that an earlier year's conventions gave back before the vote counts too.
        book.group_available_cents = group_sums(book)


def _list_arrivals(event: BudgetVoted, _moves: Sequence[Move]) -> Iterator[Want]:
    if event.stage == "initial":
        yield Want(Missing.BUDGET, event.budget)


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(event=BudgetVoted, decide=vote, apply=_apply_vote, arrivals=_list_arrivals),
    Handler(event=CreditsTransferred, decide=transfer),
)
