"""The refusal that each event must receive, derived from the verifier's own state.

An event that the rules refuse may not be accepted, and one that they accept may not be refused.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from services.verifier.expected import moves as ask
from services.verifier.expected.moves import Moves
from services.verifier.expected.years import OUTSTANDING, is_over
from services.verifier.findings import Code
from services.verifier.records import Json, Record, canonical_without_nulls
from services.verifier.state.books import THRESHOLD_CENTS, Books
from services.verifier.state.grants import (
    GIVEN_BACK,
    Award,
    Convention,
    Recovery,
    cents_by_line,
    schedule_of,
)
from services.verifier.state.lines import Line, amounts_of, line_of, line_row

PARKED_MAX: Final = 1000
"""The number of events of a budget that may be parked at once (rules, 28)."""

SIREN_DIGITS: Final = 9
"""The digits of a SIRET that identify the legal entity (SIREN)."""

CREDIT: Final = "insufficient_credit"

DECIDED_ELSEWHERE: Final = frozenset(
    ("fiscal_year_closed", "event_id_reused", "dependency_missing", "too_many_parked")
)
"""Refusals that rest on who the event is, on the year or on what waits (see `waiting`)."""


class ExpectedRefusal(NamedTuple):
    """A refusal with its facts."""

    code: str
    facts: Json


Check = Callable[[Books, Json], ExpectedRefusal | None]


def prove_decision(books: Books, record: Record, kind: str) -> None:
    """An accepted or parked event meets no refusal, a refused one just the one that it names."""
    refusal = record.row["refusal"] or {}
    found = refusal.get("code")
    if record.outcome == "duplicate" or found in DECIDED_ELSEWHERE:
        return
    expected = expected_refusal(books, kind, record.event["data"])
    short = expected is not None and expected.code == CREDIT
    if kind == "convention.amended" and short and found in {None, CREDIT}:
        return  # What a ceiling cuts at once may pay for it: the credit left is proved behind it.
    if found is None:
        if expected is not None:
            facts = {"outcome": record.outcome, "expected": expected.code}
            books.find(Code.NOT_REFUSED, **facts)
    elif expected is None or expected.code != found:
        code = None if expected is None else expected.code
        books.find(Code.REFUSED_OTHERWISE, expected=code, found=found)
    elif canonical_without_nulls(refusal["facts"]) != canonical_without_nulls(expected.facts):
        books.find(Code.REFUSED_OTHERWISE, expected=expected.facts, found=refusal["facts"])


def expected_refusal(books: Books, kind: str, data: Json) -> ExpectedRefusal | None:
    """The first no that an event meets; of what waits, the first that needs no missing thing."""
    check = CHECKS.get(kind)
    return None if check is None else check(books, data)


def _vote(books: Books, data: Json) -> ExpectedRefusal | None:
    if data["stage"] == "initial":
        known = books.level is not None
        return ExpectedRefusal("budget_already_voted", {"budget": books.budget}) if known else None
    return None if books.level is None else _short(books, ask.voted(books, data))


def _transfer(books: Books, data: Json) -> ExpectedRefusal | None:
    return None if books.level is None else _short(books, ask.transferred(books, data))


def _award(books: Books, data: Json) -> ExpectedRefusal | None:
    name, grant = data["grant"], books.grants.get(data["grant"])
    if data["role"] != "award":
        return None
    if grant is not None and grant.award is not None:
        code = "grant_withdrawn" if grant.withdrawn else "grant_already_awarded"
        return ExpectedRefusal(code, {"grant": name})
    if data.get("requires_convention") is False:
        if books.is_taken(name):
            return ExpectedRefusal("convention_exists", {"convention": name})
        gives = amounts_of(data["lines"])
        planned = cents_by_line(schedule_of(data.get("instalments") or []))
        no = _beyond(name, planned, gives) or _above_limit(
            books, data["beneficiary"]["siret"], sum(gives.values())
        )
        if no is not None:
            return no
    if books.level is None:
        return None
    return _short(books, ask.awarded(books, data))


def _sign(books: Books, data: Json) -> ExpectedRefusal | None:
    name, grant = data["convention"], books.grants.get(data["grant"])
    if grant is not None and grant.withdrawn:
        return ExpectedRefusal("grant_withdrawn", {"grant": data["grant"]})
    alone = books.alone(data["grant"])
    if books.is_taken(name) or (alone is not None and not _may_be_signed_for(books, alone)):
        return ExpectedRefusal("convention_exists", {"convention": name})
    if grant is None or grant.award is None:
        return None
    siret, other = grant.award.siret, data["beneficiary"]["siret"]
    if siret[:SIREN_DIGITS] != other[:SIREN_DIGITS]:
        return ExpectedRefusal("beneficiary_differs", {"award": siret, "convention": other})
    planned = cents_by_line(schedule_of(data["instalments"]))
    if alone is None:
        free = {line: books.reserved.get((data["grant"], line), 0) for line in planned}
    else:
        free = {line: share["remaining"] for line, share in alone.shares.items()}
    return _beyond(name, planned, free)


def _withdraw(books: Books, data: Json) -> ExpectedRefusal | None:
    grant = books.grants.get(data["grant"])
    fell = grant is not None and grant.withdrawn
    return ExpectedRefusal("grant_withdrawn", {"grant": data["grant"]}) if fell else None


def _ended_convention(books: Books, data: Json) -> ExpectedRefusal | None:
    """Refuse what an ended convention does not accept (rules, 17)."""
    convention = books.conventions.get(data["convention"])
    if convention is None or convention.state != "ended":
        return None
    return ExpectedRefusal("convention_terminated", {"convention": data["convention"]})


def _suspend(books: Books, data: Json) -> ExpectedRefusal | None:
    return _ended_convention(books, data) or _wrong_state(books, data, wrong="suspended")


def _resume(books: Books, data: Json) -> ExpectedRefusal | None:
    return _ended_convention(books, data) or _wrong_state(books, data, wrong="in_force")


def _wrong_state(books: Books, data: Json, wrong: str) -> ExpectedRefusal | None:
    convention = books.conventions.get(data["convention"])
    if convention is None or convention.state != wrong:
        return None
    return ExpectedRefusal("wrong_state", {"convention": data["convention"], "state": wrong})


def _amend(books: Books, data: Json) -> ExpectedRefusal | None:
    name, convention = data["convention"], books.conventions.get(data["convention"])
    if convention is None or convention.state == "ended":
        return _ended_convention(books, data)
    award, raised = books.grants[convention.grant].awarded, 0
    for line, cents in cents_by_line(schedule_of(data["instalments"])).items():
        has = convention.cents_on(line, "remaining")
        reserved = books.reserved.get((convention.grant, line), 0)
        free = award.lines.get(line, 0) - books.live_cents(convention.grant, line)
        most = has + reserved + free
        if cents <= has:
            continue
        if cents > most and not _decides_anew(data.get("act"), award):
            return _exceeds(name, line, most, cents)
        raised += max(0, cents - most)
    for row in data["instalments"]:
        held = convention.schedule.get(row["instalment"])
        if held is not None and books.is_held(held):
            cents = sum(each["amount_cents"] for each in row["lines"])
            return _below(name, 0, cents, instalment=row["instalment"])
    if raised and convention.stands_alone:
        no = _above_limit(books, award.siret, raised)
        if no is not None:
            return no
    return _short(books, ask.amended(books, convention, data))


def _decides_anew(cited: Json | None, award: Award) -> bool:
    """Return whether an amendment cites another act than the award's own (rules, 15)."""
    if cited is None:
        return False
    own = award.act
    if (cited["body"], cited["date"]) != (own["body"], own["date"]):
        return True
    number = own.get("number")
    return number is not None and cited.get("number") not in {None, number}


def _reduce(books: Books, data: Json) -> ExpectedRefusal | None:
    name, convention = data["convention"], books.conventions.get(data["convention"])
    if convention is None or convention.state == "ended":
        return _ended_convention(books, data)
    for each in data["lines"]:
        line, cents = line_of(each["line"]), each["amount_cents"]
        has = convention.cents_on(line, "remaining")
        if cents > has:
            return _below(name, has, cents, line=line_row(line))
    return None


def _acknowledge(books: Books, data: Json) -> ExpectedRefusal | None:
    return _of_order(books, data, {*GIVEN_BACK, "paid"})


def _pay(books: Books, data: Json) -> ExpectedRefusal | None:
    no = _of_order(books, data, GIVEN_BACK)
    if no is not None:
        return no
    order, cents = books.orders[data["payment_order"]], data["amount_cents"]
    if order.paid_cents + cents <= order.amount_cents:
        return None
    figures = {"amount_cents": order.amount_cents, "paid_cents": order.paid_cents}
    named = {"payment_order": data["payment_order"]}
    return ExpectedRefusal("overpayment", {**named, **figures, "asked_cents": cents})


def _of_order(books: Books, data: Json, closed: Iterable[str]) -> ExpectedRefusal | None:
    named = {"payment_order": data["payment_order"]}
    order = books.orders.get(data["payment_order"])
    if order is None:
        return ExpectedRefusal("unknown_payment_order", named)
    if order.state in closed:
        return ExpectedRefusal("payment_order_closed", named | {"state": order.state})
    return None


def _late(books: Books, data: Json) -> ExpectedRefusal | None:
    return _of_order(books, data, ()) if data["kind"] == "payment_due" else None


def _ask_back(books: Books, data: Json) -> ExpectedRefusal | None:
    convention = books.conventions.get(data["convention"])
    if convention is None or _is_closed_out(books, convention):
        return _unknown(data["convention"]) if books.closed else None
    awaited = sum(each.ordered - each.collected for each in convention.recoveries.values())
    headroom = convention.paid_this_year_cents() - awaited
    return _too_much(data, headroom, convention.headroom_on)


def _collect(books: Books, data: Json) -> ExpectedRefusal | None:
    convention = books.conventions.get(data["convention"])
    if convention is None or _is_closed_out(books, convention):
        return _unknown(data["convention"]) if books.closed else None
    recovery = convention.recoveries.get(data["recovery"])
    if recovery is None:
        if not books.closed:
            return None
        recovery = Recovery()
    return _too_much(data, recovery.ordered - recovery.collected, convention.paid_on)


def _too_much(
    data: Json, headroom: int, headroom_on: Callable[[Line], int]
) -> ExpectedRefusal | None:
    """Beyond what may be asked back, or come: in all, then on each line named (rules, 27)."""
    named = amounts_of(data.get("lines") or ())
    for most, cents in (
        (headroom, ask.sum_of(data)),
        *((headroom_on(line), cents) for line, cents in named.items()),
    ):
        if cents > most:
            facts = {"convention": data["convention"], "room_cents": most, "asked_cents": cents}
            return ExpectedRefusal("recovery_exceeds", facts)
    return None


def _close(books: Books, data: Json) -> ExpectedRefusal | None:
    if isinstance(data["carry_over"], list):
        for each in data["carry_over"]:
            if each["convention"] not in books.conventions:
                return _unknown(each["convention"])
    names = sorted(name for name, each in books.orders.items() if each.state in OUTSTANDING)
    return ExpectedRefusal("orders_outstanding", {"payment_orders": names}) if names else None


CHECKS: Final[Mapping[str, Check]] = {
    "budget.voted": _vote,
    "credits.transferred": _transfer,
    "deliberation.adopted": _award,
    "deliberation.withdrawn": _withdraw,
    "convention.signed": _sign,
    "convention.notified": _ended_convention,
    "convention.amended": _amend,
    "convention.suspended": _suspend,
    "convention.resumed": _resume,
    "convention.terminated": _ended_convention,
    "commitment.reduced": _reduce,
    "payment-order.acknowledged": _acknowledge,
    "payment.executed": _pay,
    "deadline.passed": _late,
    "recovery.ordered": _ask_back,
    "recovery.collected": _collect,
    "fiscal-year.closed": _close,
}
"""The check of each type; the others are never refused."""


def _may_be_signed_for(books: Books, alone: Convention) -> bool:
    """Nothing of it is ordered, or its rest waits for just that convention (rules, 13 and 14)."""
    rest = any(share["remaining"] for share in alone.shares.values())
    return not books.is_drawn(alone) or (rest and books.is_held_back(alone))


def _is_closed_out(books: Books, convention: Convention) -> bool:
    """Of a year that is over only what was paid or asked back is known (rules, 31)."""
    known = convention.paid_this_year_cents() or convention.recoveries
    return is_over(books) and not known


def _unknown(convention: str) -> ExpectedRefusal:
    return ExpectedRefusal("unknown_convention", {"convention": convention})


def _beyond(
    name: str, planned: Mapping[Line, int], free: Mapping[Line, int]
) -> ExpectedRefusal | None:
    """The first line on which more is planned than is free."""
    for line, cents in planned.items():
        if cents > free.get(line, 0):
            return _exceeds(name, line, free.get(line, 0), cents)
    return None


def _exceeds(name: str, line: Line, award_cents: int, asked_cents: int) -> ExpectedRefusal:
    cents = {"award_cents": award_cents, "asked_cents": asked_cents}
    return ExpectedRefusal("exceeds_award", {"convention": name, "line": line_row(line), **cents})


def _below(name: str, remaining_cents: int, asked_cents: int, **where: Any) -> ExpectedRefusal:
    cents = {"remaining_cents": remaining_cents, "asked_cents": asked_cents}
    return ExpectedRefusal("below_ordered", {"convention": name, **where, **cents})


def _above_limit(books: Books, siret: str, more_cents: int) -> ExpectedRefusal | None:
    total = books.awarded[siret] + more_cents
    facts = {"siret": siret, "total_cents": total, "limit_cents": THRESHOLD_CENTS}
    return ExpectedRefusal("convention_required", facts) if total > THRESHOLD_CENTS else None


def _short(books: Books, moves: Moves) -> ExpectedRefusal | None:
    """The first group whose credit does not reach, on the net of these moves (rules, 26)."""
    asked: dict[tuple[str, bool], int] = {}
    has: dict[tuple[str, bool], int] = {}
    for (line, _, _, origin, target), cents in moves.items():
        group = books.group_of(line)
        named = group[1:] if books.level == "operation" and None not in group else group
        at = ("/".join(code for code in named if code is not None), None in group)
        has[at] = books.credit[group]
        asked[at] = asked.get(at, 0) + cents * ((origin == "available") - (target == "available"))
    for at in sorted(asked):
        if asked[at] > max(0, has[at]):
            facts = {
                "level": books.level or "chapter",
                "group": at[0],
                "available_cents": has[at],
                "asked_cents": asked[at],
                "shortfall_cents": asked[at] - has[at],
            }
            return ExpectedRefusal(CREDIT, facts)
    return None
