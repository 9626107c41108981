"""The refusal that each event must receive, derived from the verifier's own state.

An event that the rules refuse may not be accepted, and one that they accept may not be refused.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from services.verifier.expected import moves as ask
from services.verifier.expected.moves import Moves, asks_too_much, collects_too_much
from services.verifier.expected.years import OUTSTANDING, data_of
from services.verifier.findings import Code
from services.verifier.records import Json, Record, canonical_without_nulls
from services.verifier.state.books import THRESHOLD_CENTS, Books
from services.verifier.state.grants import (
    Award,
    Convention,
    Grant,
    cents_by_line,
    is_award_alone,
    schedule_of,
)
from services.verifier.state.lines import Line, amounts_of, line_row
from services.verifier.state.orders import GIVEN_BACK

SIREN_DIGITS: Final = 9
"""The digits of a SIRET that identify the legal entity (SIREN)."""

CREDIT: Final = "insufficient_credit"

DECIDED_ELSEWHERE: Final = frozenset(
    ("fiscal_year_closed", "event_id_reused", "dependency_missing", "too_many_parked")
)
"""Refusals that rest on who the event is, on the year or on what waits (see `waiting`)."""

Facts = Json | None
"""The facts of a refusal; None where there is no reason for it."""

Check = Callable[[Books, Json], Facts]
ConventionCheck = Callable[[Books, Convention, Json], Facts]


def prove_decision(books: Books, record: Record) -> None:
    """An accepted or parked event meets no refusal, a refused one just the one that it names."""
    refusal = record.row["refusal"] or {}
    found = refusal.get("code")
    if record.outcome == "duplicate" or found in DECIDED_ELSEWHERE:
        return
    expected, facts = find_refusal(books, record.kind, data_of(books, record))
    if record.kind == "convention.amended" and expected == CREDIT and found in {None, CREDIT}:
        return  # What a ceiling cuts at once may pay for it: the credit left is proved behind it.
    if found is None:
        if expected is not None:
            books.find(Code.NOT_REFUSED, outcome=record.outcome, expected=expected)
    elif expected != found:
        books.find(Code.REFUSED_OTHERWISE, expected=expected, found=found)
    elif canonical_without_nulls(refusal["facts"]) != canonical_without_nulls(facts):
        books.find(Code.REFUSED_OTHERWISE, expected=facts, found=refusal["facts"])


def find_refusal(books: Books, kind: str, data: Json) -> tuple[str | None, Facts]:
    """The first no that an event meets, with its facts.

    Of what waits, the first that needs no missing thing.
    """
    for code, check in CHECKS.get(kind, {}).items():
        if (facts := check(books, data)) is not None:
            return code, facts
    if kind in OF_CONVENTION and (convention := books.conventions.get(data["convention"])):
        for code, convention_check in OF_CONVENTION[kind].items():
            if (facts := convention_check(books, convention, data)) is not None:
                return code, facts
    return None, None


def _refuse_second_vote(books: Books, data: Json) -> Facts:
    voted = data["stage"] == "initial" and books.level is not None
    return {"budget": books.budget} if voted else None


def _short_after_vote(moves: Callable[[Books, Json], Moves]) -> Check:
    """Refuse for want of credit; before the initial vote events wait instead (rules, 28)."""
    return lambda books, data: None if books.level is None else _short(books, moves(books, data))


def _refuse_withdrawn(books: Books, data: Json) -> Facts:
    fell = _grant(books, data).withdrawn and data.get("role") != "concurring"
    return {"grant": data["grant"]} if fell else None


def _refuse_second_award(books: Books, data: Json) -> Facts:
    known = data["role"] == "award" and _grant(books, data).award is not None
    return {"grant": data["grant"]} if known else None


def _grant(books: Books, data: Json) -> Grant:
    return books.grants.get(data["grant"]) or Grant()


def _reference_taken(books: Books, data: Json) -> Facts:
    taken = is_award_alone(data) and books.is_taken(data["grant"])
    return {"convention": data["grant"]} if taken else None


def _schedule_beyond(_books: Books, data: Json) -> Facts:
    planned = cents_by_line(schedule_of(data.get("instalments") or []))
    return _beyond(data["grant"], planned, amounts_of(data.get("lines") or ()))


def _award_above_limit(books: Books, data: Json) -> Facts:
    if not is_award_alone(data):
        return None
    more_cents = sum(amounts_of(data["lines"]).values())
    return _refuse_above_limit(books, data["beneficiary"]["siret"], more_cents)


def _number_taken(books: Books, data: Json) -> Facts:
    alone = books.alone(data["grant"])
    taken = books.is_taken(data["convention"]) or (
        alone is not None and not _may_be_signed_for(books, alone)
    )
    return {"convention": data["convention"]} if taken else None


def _may_be_signed_for(books: Books, alone: Convention) -> bool:
    """Return whether an award has no order, or its rest waits for that convention (13, 14)."""
    rest = any(share["remaining"] for share in alone.shares.values())
    return not books.is_drawn(alone) or (rest and books.is_held_back(alone))


def _other_body(books: Books, data: Json) -> Facts:
    award, other = _grant(books, data).award, data["beneficiary"]["siret"]
    if award is None or award.siret[:SIREN_DIGITS] == other[:SIREN_DIGITS]:
        return None
    return {"award": award.siret, "convention": other}


def _beyond_award(books: Books, data: Json) -> Facts:
    if _grant(books, data).award is None:
        return None
    planned, alone = cents_by_line(schedule_of(data["instalments"])), books.alone(data["grant"])
    if alone is None:
        free = {line: books.reserved.get((data["grant"], line), 0) for line in planned}
    else:
        free = {line: share["remaining"] for line, share in alone.shares.items()}
    return _beyond(data["convention"], planned, free)


def _unknown_order(books: Books, data: Json) -> Facts:
    name = data.get("payment_order")  # Of deadlines only that of a payment names one.
    return None if name is None or name in books.orders else {"payment_order": name}


def _refuse_order_in(states: Collection[str]) -> Check:
    def check(books: Books, data: Json) -> Facts:
        state = books.orders[data["payment_order"]].state
        return {"payment_order": data["payment_order"], "state": state} if state in states else None

    return check


def _overpaid(books: Books, data: Json) -> Facts:
    order, cents = books.orders[data["payment_order"]], data["amount_cents"]
    if order.paid_cents + cents <= order.amount_cents:
        return None
    figures = {"amount_cents": order.amount_cents, "paid_cents": order.paid_cents}
    return {"payment_order": data["payment_order"], **figures, "asked_cents": cents}


def _unknown_in_closed_year(books: Books, data: Json) -> Facts:
    """In a closed year nothing waits, but none of its conventions becomes unknown (rules, 31)."""
    name = data.get("convention")  # Of deadlines only that of a report names one.
    is_unknown = name is not None and name not in books.conventions
    return {"convention": name} if books.closed and is_unknown else None


def _carries_unknown(books: Books, data: Json) -> Facts:
    named = data["carry_over"] if isinstance(data["carry_over"], list) else ()
    unknown = (each for each in named if each["convention"] not in books.conventions)
    return next(({"convention": each["convention"]} for each in unknown), None)


def _unknown_record(books: Books, data: Json) -> Facts:
    """Of its own chain; chains of dead letters are of no budget (rules, 38)."""
    ahead = data.get("chain") is None and data["sequence"] >= books.place.sequence
    return {"sequence": data["sequence"]} if ahead else None


def _not_parked(books: Books, data: Json) -> Facts:
    source, name = data["event"]["source"], data["event"]["id"]
    waits = (source, name) in books.parked
    return None if waits else {"event_source": source, "event_id": name}


def _orders_outstanding(books: Books, _data: Json) -> Facts:
    names = sorted(name for name, each in books.orders.items() if each.state in OUTSTANDING)
    return {"payment_orders": names} if names else None


CHECKS: Final[Mapping[str, Mapping[str, Check]]] = {
    "budget.voted": {
        "budget_already_voted": _refuse_second_vote,
        CREDIT: _short_after_vote(ask.move_vote),
    },
    "credits.transferred": {CREDIT: _short_after_vote(ask.move_transfer)},
    "deliberation.adopted": {
        "grant_withdrawn": _refuse_withdrawn,
        "grant_already_awarded": _refuse_second_award,
        "convention_exists": _reference_taken,
        "exceeds_award": _schedule_beyond,
        "convention_required": _award_above_limit,
        CREDIT: _short_after_vote(ask.move_award),
    },
    "deliberation.withdrawn": {"grant_withdrawn": _refuse_withdrawn},
    "convention.signed": {
        "grant_withdrawn": _refuse_withdrawn,
        "convention_exists": _number_taken,
        "beneficiary_differs": _other_body,
        "exceeds_award": _beyond_award,
    },
    "payment-order.acknowledged": {
        "unknown_payment_order": _unknown_order,
        "payment_order_closed": _refuse_order_in({*GIVEN_BACK, "paid"}),
    },
    "payment.executed": {
        "unknown_payment_order": _unknown_order,
        "payment_order_closed": _refuse_order_in(GIVEN_BACK),
        "overpayment": _overpaid,
    },
    "deadline.passed": {
        "unknown_payment_order": _unknown_order,
        "unknown_convention": _unknown_in_closed_year,
    },
    "report.received": {"unknown_convention": _unknown_in_closed_year},
    "report.rejected": {"unknown_convention": _unknown_in_closed_year},
    "recovery.ordered": {"unknown_convention": _unknown_in_closed_year},
    "recovery.collected": {
        "unknown_convention": _unknown_in_closed_year,
        "recovery_exceeds": collects_too_much,
    },
    "record.reviewed": {"unknown_record": _unknown_record},
    "event.withdrawn": {"not_parked": _not_parked},
    "fiscal-year.closed": {
        "unknown_convention": _carries_unknown,
        "orders_outstanding": _orders_outstanding,
    },
}
"""By the type of an event: the codes that may refuse it, in order of precedence."""


def _refuse_ended(_books: Books, convention: Convention, data: Json) -> Facts:
    return {"convention": data["convention"]} if convention.state == "ended" else None


def _is(state: str) -> ConventionCheck:
    return lambda _books, convention, data: (
        {"convention": data["convention"], "state": state} if convention.state == state else None
    )


def _list_raised_lines(
    books: Books, convention: Convention, data: Json
) -> Iterator[tuple[Line, int, int]]:
    """Lines on which more is planned than remains; the most that the award has, what is asked."""
    award = books.grants[convention.grant].awarded
    for line, cents in cents_by_line(schedule_of(data["instalments"])).items():
        has = convention.cents_on(line, "remaining")
        reserved = books.reserved.get((convention.grant, line), 0)
        free = award.lines.get(line, 0) - books.live_cents(convention.grant, line)
        if cents > has:
            yield line, has + reserved + free, cents


def _refuse_amended_beyond(books: Books, convention: Convention, data: Json) -> Facts:
    if _decides_anew(data.get("act"), books.grants[convention.grant].awarded):
        return None
    raised = _list_raised_lines(books, convention, data)
    beyond = (each for each in raised if each[2] > each[1])
    return next((_exceeds(data["convention"], *each) for each in beyond), None)


def _decides_anew(cited: Json | None, award: Award) -> bool:
    """Return whether an amendment cites another act than the award's own (rules, 15)."""
    if cited is None:
        return False
    own = award.act
    if (cited["body"], cited["date"]) != (own["body"], own["date"]):
        return True
    number = own.get("number")
    return number is not None and cited.get("number") not in {None, number}


def _has_an_order(books: Books, convention: Convention, data: Json) -> Facts:
    for row in data["instalments"]:
        held = convention.schedule.get(row["instalment"])
        if held is not None and books.is_held(held):
            cents = sum(each["amount_cents"] for each in row["lines"])
            return _state_exceeded(data["convention"], 0, cents, instalment=row["instalment"])
    return None


def _refuse_amended_above_limit(books: Books, convention: Convention, data: Json) -> Facts:
    raised = _list_raised_lines(books, convention, data)
    more_cents = sum(max(0, cents - most) for _, most, cents in raised)
    if not more_cents or not convention.stands_alone:
        return None
    return _refuse_above_limit(books, books.grants[convention.grant].awarded.siret, more_cents)


def _refuse_reduced_below(_books: Books, convention: Convention, data: Json) -> Facts:
    for line, cents in amounts_of(data["lines"]).items():
        has = convention.cents_on(line, "remaining")
        if cents > has:
            return _state_exceeded(data["convention"], has, cents, line=line_row(line))
    return None


TERMINATED: Final = "convention_terminated"
OF_CONVENTION: Final[Mapping[str, Mapping[str, ConventionCheck]]] = {
    "convention.notified": {TERMINATED: _refuse_ended},
    "convention.amended": {
        TERMINATED: _refuse_ended,
        "exceeds_award": _refuse_amended_beyond,
        "below_ordered": _has_an_order,
        "convention_required": _refuse_amended_above_limit,
        CREDIT: lambda books, *rest: _short(books, ask.move_amendment(books, *rest)),
    },
    "convention.suspended": {TERMINATED: _refuse_ended, "wrong_state": _is("suspended")},
    "convention.resumed": {TERMINATED: _refuse_ended, "wrong_state": _is("in_force")},
    "convention.terminated": {TERMINATED: _refuse_ended},
    "commitment.reduced": {TERMINATED: _refuse_ended, "below_ordered": _refuse_reduced_below},
    "report.received": {},
    "report.rejected": {},
    "recovery.ordered": {"recovery_exceeds": asks_too_much},
}
"""The same of types that wait for the convention that they name (rules, 28)."""


def _beyond(name: str, planned: Mapping[Line, int], free: Mapping[Line, int]) -> Facts:
    """The first line on which more is planned than is free."""
    for line, cents in planned.items():
        if cents > free.get(line, 0):
            return _exceeds(name, line, free.get(line, 0), cents)
    return None


def _exceeds(name: str, line: Line, award_cents: int, asked_cents: int) -> Json:
    cents = {"award_cents": award_cents, "asked_cents": asked_cents}
    return {"convention": name, "line": line_row(line), **cents}


def _state_exceeded(name: str, remaining_cents: int, asked_cents: int, **where: Any) -> Json:
    cents = {"remaining_cents": remaining_cents, "asked_cents": asked_cents}
    return {"convention": name, **where, **cents}


def _refuse_above_limit(books: Books, siret: str, more_cents: int) -> Facts:
    total = books.awarded[siret] + more_cents
    facts = {"siret": siret, "total_cents": total, "limit_cents": THRESHOLD_CENTS}
    return facts if total > THRESHOLD_CENTS else None


def _short(books: Books, moves: Moves) -> Facts:
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
            return {
                "level": books.level or "chapter",
                "group": at[0],
                "available_cents": has[at],
                "asked_cents": asked[at],
                "shortfall_cents": asked[at] - has[at],
            }
    return None
