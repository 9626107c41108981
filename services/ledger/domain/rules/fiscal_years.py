"""The year is closed, and what it carries over opens the next one (rules, 30 to 32)."""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter

from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from services.ledger.domain.book import Book
from services.ledger.domain.carry_over import carried_convention, carried_grant, former_grant
from services.ledger.domain.closed_years import reserved_in_order
from services.ledger.domain.flags import Flag, FlagCode
from services.ledger.domain.grants import Convention, ConventionState, bank_account_of
from services.ledger.domain.issue import Situation, issue_orders, situation, waiting_for_account
from services.ledger.domain.lines import line_of
from services.ledger.domain.moves import CARRY_OVER, OPEN, RELEASE, UNRESERVE, Move
from services.ledger.domain.orders import OUTSTANDING
from services.ledger.domain.refusals import Refusal
from services.ledger.domain.verdicts import Accepted, Refused


def close(book: Book, event: FiscalYearClosed) -> Accepted | Refused:
    """What is committed is carried over or lapses; what is only reserved lapses (rules, 30).

    The complementary period (journée complémentaire, CGCT D2342-3) is the time before this event:
    it ends only when the accountant has every order of the year. What is committed and not ordered
    may go on into the next budget (reste à réaliser); what is not carried over is decommitted
    (arrêté du 26 avril 1996, article 3).
    """
    carried = _carried(book, event)
    for name in carried:
        if name not in book.conventions:
            return Refused(Refusal.UNKNOWN_CONVENTION, {"convention": name})
    names = sorted(each.payment_order for each in book.orders.values() if each.state in OUTSTANDING)
    if names:
        return Refused(Refusal.ORDERS_OUTSTANDING, {"payment_orders": names})
    moves = [
        Move(
            line,
            each.convention,
            None,
            CARRY_OVER if each.convention in carried else RELEASE,
            money.remaining,
        )
        for each in sorted(book.conventions.values(), key=attrgetter("signed_at"))
        for line, money in sorted(each.lines.items(), key=lambda item: item[0].in_order())
        if money.remaining
    ]
    moves += [
        Move(line, None, None, UNRESERVE, cents) for _, line, cents in reserved_in_order(book)
    ]
    return Accepted(moves)


def _carried(book: Book, event: FiscalYearClosed) -> dict[str, None]:
    """The conventions that are carried over, in the order in which they are named."""
    if event.carry_over == "all":
        return dict.fromkeys(book.conventions)
    if event.carry_over == "none":
        return {}
    return dict.fromkeys(each.convention for each in event.carry_over)


def open_next(book: Book, event: FiscalYearOpened, on: date, sequence: int) -> Accepted:
    """A convention of the closed year goes on in this one, whatever stands here (rules, 32).

    Its money is committed without having been voted here: what is carried over is payable before
    the budget is voted (arrêté du 26 avril 1996). Where its grant was withdrawn here, it is given
    back at once; where its number is taken, the convention goes on under another.
    """
    convention = carried_convention(book, event, sequence)
    name = convention.convention
    ways = (OPEN, RELEASE) if convention.state is ConventionState.TERMINATED else (OPEN,)
    moves = [
        Move(line_of(each.line), name, None, way, each.amount_cents)
        for way in ways
        for each in event.lines
    ]
    names = ((event.convention, name), (former_grant(event), convention.formerly))
    renamed = [
        Flag(FlagCode.CONVENTION_RENAMED, {"from": before, "to": after})
        for before, after in names
        if before != after
    ]
    ruling = Accepted(moves, flags=renamed)
    if RELEASE in ways and convention.had_cents():
        owed = {"convention": name, "amount_cents": convention.had_cents()}
        ruling.flags.append(Flag(FlagCode.RECOVERY_DUE, owed))
    for case in _touched(book, event, convention, on):
        issue_orders(book, case, ruling)
    return ruling


def _touched(
    book: Book, event: FiscalYearOpened, convention: Convention, on: date
) -> Iterator[Situation]:
    """The convention, behind others that waited for the bank account that it brings."""
    siret = event.beneficiary.siret
    account = book.accounts.get(siret)
    grant = carried_grant(event, book.grants.get(event.grant))
    brought = None if event.bank_account is None else bank_account_of(event.bank_account)
    # What this year was told before the internal event came is newer than what an earlier year
    # rejected.
    is_newer = account is not None and account != brought
    if account is None and brought is not None:
        account = brought
        for case in waiting_for_account(book, siret, brought, on):
            of_this_grant = case.convention.grant == event.grant
            # Of this grant the internal event brings the acts too: orders carry them.
            yield case._replace(grant=grant) if of_this_grant else case
    yield situation(book, convention, on, grant=grant, account=account, reissues=is_newer)
