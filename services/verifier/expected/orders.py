"""The payment orders that a record must issue: which, when due, for how much (rules, 18 to 23)."""

from collections.abc import Iterator
from typing import NamedTuple

from services.verifier.expected.moves import Moves, add
from services.verifier.records import Json
from services.verifier.state.books import Books
from services.verifier.state.grants import Convention, Grant, is_award_alone, last_order
from services.verifier.state.lines import Line
from services.verifier.state.orders import Planned, due_on, named, part_of

ACTS_MAX = 20
"""The number of acts that an order carries at most."""

DRAWN = frozenset(("ordered", "paid"))
"""Stages of money that counts against a ceiling (rules, 22)."""

REISSUING = frozenset(
    ("bank-account.changed", "report.received", "convention.amended", "convention.resumed")
)
"""Types that may issue a rejected order again (rules, 21)."""


class Due(NamedTuple):
    """An order that must be issued."""

    payment_order: str
    holder: str
    key: str
    """Convention and instalment in the books (see `Order`)."""
    lines: dict[Line, Planned]
    due_on: str
    previous: str | None


def touched_conventions(books: Books, kind: str, data: Json, first_account: bool) -> list[str]:
    """The conventions that an event touches, in order of signature (rules, 18)."""
    match kind:
        case "deliberation.withdrawn" | "deadline.passed":
            return []
        case "payment-order.acknowledged" | "payment.executed":
            return [books.orders[data["payment_order"]].holder]
        case "bank-account.changed":
            return _paid_to(books, data["beneficiary"]["siret"])
        case "convention.signed" | "fiscal-year.opened":
            if first_account:
                return _paid_to(books, data["beneficiary"]["siret"])
            return [data["convention"] if kind == "convention.signed" else books.opened_as]
        case "deliberation.adopted":
            return [data["grant"]] if is_award_alone(data) else []
        case _:
            return [data["convention"]] if "convention" in data else []


def _paid_to(books: Books, siret: str) -> list[str]:
    known = books.conventions.items()
    return [name for name, each in known if each.beneficiary["siret"] == siret]


def due(books: Books, names: list[str], reissues: bool, asked: Moves) -> Iterator[Due]:
    """Orders due now (rules, 18 to 23); what a ceiling cuts off is added to `asked`."""
    if books.closed:
        return  # A closed year issues nothing any more (rules, 31).
    for name in names:
        convention = books.conventions[name]
        if convention.state == "in_force" and convention.beneficiary["siret"] in books.accounts:
            yield from _due(books, name, convention, reissues, asked)


def _due(
    books: Books, name: str, convention: Convention, reissues: bool, asked: Moves
) -> Iterator[Due]:
    drawn_cents = convention.drawn_cents() - _given_back(name, asked)
    for key, instalment in convention.schedule.items():
        last = None if instalment.order is None else books.orders[instalment.order]
        if last is not None and last.state != "rejected":
            continue
        again_on = instalment.due_again_on if last is None else last.due_on
        if again_on is not None and not (reissues or instalment.set_off):
            continue
        met_on = convention.met_on(instalment)
        planned = {
            line: _left(each, asked.get((line, name, key, "committed", "available"), 0))
            for line, each in instalment.lines.items()
        }
        total = sum(each.cents for each in planned.values())
        if met_on is None or not total:
            continue
        eligible = convention.eligible_cents(instalment) if again_on is None else None
        payable = total if eligible is None else max(0, min(total, eligible - drawn_cents))
        lines = part_of(planned, payable)
        if lines and books.is_held_back(convention):
            instalment.set_off = again_on is not None
            continue
        if again_on is None:
            for line, plan in planned.items():
                cut = plan.cents - (lines[line].cents if line in lines else 0)
                if cut:
                    add(asked, (line, name, key, "committed", "available"), cut)
        if lines:
            drawn_cents += sum(each.cents for each in lines.values())
            issued = named(name, key, instalment.orders + 1)
            previous = last_order(name, convention, key)
            yield Due(issued, name, key, lines, again_on or due_on(met_on), previous)


def _given_back(name: str, asked: Moves) -> int:
    """Cents that the event itself takes back of a convention, less what it draws."""
    return sum(
        cents * ((origin in DRAWN) - (target in DRAWN))
        for (_, convention, _, origin, target), cents in asked.items()
        if convention == name
    )


def _left(planned: Planned, given_up_cents: int) -> Planned:
    return Planned(planned.cents - given_up_cents, planned.services)


def _acts_to_carry(grant: Grant) -> list[Json]:
    """The acts behind an order: the award, and of many others the first."""
    award = grant.awarded.act
    others = [act for act in grant.acts if act != award][: ACTS_MAX - 1]
    return [act for act in grant.acts if act == award or act in others]


def treasury_facts(books: Books, each: Due, issued_on: str) -> Json:
    """Facts that an issued order carries for the treasury (rules, 25), without nulls."""
    convention = books.conventions[each.holder]
    grant = books.grants[convention.grant]
    award = grant.awarded
    facts = {
        "beneficiary": convention.beneficiary,
        "bank_account": books.accounts[convention.beneficiary["siret"]],
        "acts": _acts_to_carry(grant),
        "title": award.title,
        "issued_on": issued_on,
    }
    return facts if each.previous is None else facts | {"previous": each.previous}
