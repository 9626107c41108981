"""The payment orders that a record must issue: which, when due, for how much (rules, 18 to 23)."""

from collections.abc import Iterator
from typing import NamedTuple

from services.verifier.asked import Moves, add
from services.verifier.books import THRESHOLD_CENTS, Books
from services.verifier.grants import (
    Convention,
    Grant,
    Instalment,
    Planned,
    due_on,
    part_of,
    unpaid_of,
)
from services.verifier.lines import Json, Line

ACTS_MAX = 20
"""How many acts an order carries."""

REISSUING = frozenset(("bank-account.changed", "report.received"))
"""What may issue a rejected order again (rules, 21)."""


class Due(NamedTuple):
    """An order that must be issued."""

    payment_order: str
    convention: str
    instalment: str
    lines: dict[Line, Planned]
    due_on: str
    previous: str | None


def looked_at(books: Books, kind: str, data: Json, first_account: bool) -> list[str]:
    """The conventions that an event touches, in order of signature.

    `first_account` is true where the event brings a beneficiary its first bank account.
    """
    match kind:
        case "convention.notified" | "report.received":
            return [data["convention"]]
        case "payment-order.acknowledged" | "payment.executed":
            return [books.orders[data["payment_order"]].convention]
        case "bank-account.changed":
            return _paid_to(books, data["beneficiary"]["siret"])
        case "convention.signed":
            if first_account:
                return _paid_to(books, data["beneficiary"]["siret"])
            return [data["convention"]]
        case "fiscal-year.opened":
            if first_account:
                return _paid_to(books, data["beneficiary"]["siret"])
            return [data["convention"]]
        case "deliberation.adopted":
            alone = data["role"] == "award" and data.get("requires_convention") is False
            return [data["grant"]] if alone else []
        case _:
            return []


def _paid_to(books: Books, siret: str) -> list[str]:
    known = books.conventions.items()
    return [name for name, each in known if each.beneficiary["siret"] == siret]


def due(books: Books, names: list[str], kind: str, asked: Moves) -> Iterator[Due]:
    """What must be issued now; what a ceiling cuts off is added to `asked`."""
    if books.closed:
        return  # A closed year issues nothing any more (rules, 31).
    for name in names:
        convention = books.conventions[name]
        if convention.beneficiary["siret"] in books.accounts:
            yield from _due(books, name, convention, kind in REISSUING, asked)


def _due(
    books: Books, name: str, convention: Convention, reissues: bool, asked: Moves
) -> Iterator[Due]:
    drawn_cents = convention.drawn_cents()
    for key, instalment in convention.schedule.items():
        last = None if instalment.order is None else books.orders[instalment.order]
        if last is not None and not (reissues and last.state == "rejected"):
            continue
        earlier = instalment.rejected if last is None else None
        if earlier is not None and not reissues:
            continue
        met_on = convention.met_on(instalment)
        if met_on is None or not instalment.cents:
            continue
        previous = instalment.order
        if last is not None:
            lines, until = unpaid_of(last.lines, last.paid_cents), last.due_on
        elif earlier is not None:
            lines, (previous, until) = instalment.lines, earlier
        else:
            lines, until = _payable(convention, instalment, drawn_cents), due_on(met_on)
        if lines and _is_held(books, name, convention):
            continue
        if last is None and earlier is None:
            for line, planned in instalment.lines.items():
                cut = planned.cents - (lines[line].cents if line in lines else 0)
                if cut:
                    add(asked, (line, name, key, "committed", "available"), cut)
        if lines:
            drawn_cents += sum(each.cents for each in lines.values())
            number = "" if not instalment.orders else f"/{instalment.orders + 1}"
            yield Due(f"{name}/{key}{number}", name, key, lines, until, previous)


def _is_held(books: Books, name: str, convention: Convention) -> bool:
    """Whether orders wait for a convention, the year's grants being above 23,000 € (rules, 14)."""
    if books.alone(convention.grant) is not books.conventions[name]:
        return False
    award = books.grants[convention.grant].awarded
    year_cents = books.awarded[award.siret] if award.year_cents is None else award.year_cents
    return year_cents > THRESHOLD_CENTS


def _payable(
    convention: Convention, instalment: Instalment, drawn_cents: int
) -> dict[Line, Planned]:
    total, eligible = instalment.cents, convention.eligible_cents(instalment)
    if eligible is not None:
        total = max(0, min(total, eligible - drawn_cents))
    return part_of(instalment.lines, total)


def acts_to_carry(grant: Grant) -> list[Json]:
    """The acts behind an order: the award, and of many others the first."""
    award = grant.awarded.act
    others = [act for act in grant.acts if act != award][: ACTS_MAX - 1]
    return [act for act in grant.acts if act == award or act in others]


def for_the_treasury(books: Books, each: Due, issued_on: str) -> Json:
    """What an issued order carries beside itself (rules, 25), without nulls."""
    convention = books.conventions[each.convention]
    grant = books.grants[convention.grant]
    award = grant.awarded
    told = {
        "beneficiary": convention.beneficiary,
        "bank_account": books.accounts[convention.beneficiary["siret"]],
        "acts": acts_to_carry(grant),
        "title": award.title,
        "issued_on": issued_on,
    }
    return told if each.previous is None else told | {"previous": each.previous}
