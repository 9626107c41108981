"""Moves and payment orders that an accepted event must lead to, and where recoveries fall.

Of orders: which, when due, for how much (rules, 18 to 23). Of recoveries: where what comes back
falls, and how much may be asked back (rules, 27).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from services.verifier.records import Json
from services.verifier.state.books import Books
from services.verifier.state.grants import (
    Convention,
    Grant,
    Recovery,
    cents_by_line,
    is_award_alone,
    last_order,
    schedule_of,
)
from services.verifier.state.lines import Line, MoveKey, amounts_of, fill, line_of
from services.verifier.state.orders import (
    Order,
    PlannedAmount,
    due_on,
    name_order,
    part_of,
    share_paid,
    unpaid_of,
)

MOVE: Final = frozenset(("line", "convention", "instalment", "from", "to", "amount_cents"))
"""The members of a move in a record."""

Moves = dict[MoveKey, int]
"""Cents by move key: one entry for all money with the same origin and target."""


def add(moves: Moves, key: MoveKey, cents: int) -> None:
    """Add cents to one move."""
    moves[key] = moves.get(key, 0) + cents


def moves_done(rows: list[Json]) -> Moves:
    """The moves of a record, added up; ValueError for other members than rule 7's."""
    done: Moves = {}
    for row in rows:
        if row.keys() != MOVE:
            raise ValueError(f"move {sorted(row)}")
        key = (line_of(row["line"]), row["convention"], row["instalment"], row["from"], row["to"])
        add(done, key, row["amount_cents"])
    return done


def move_vote(_books: Books, data: Json) -> Moves:
    """Credit opened, or taken away, on each line."""
    moves: Moves = {}
    for line, cents in amounts_of(data["appropriations"]).items():
        stages = (None, "available") if cents > 0 else ("available", None)
        moves[line, None, None, *stages] = abs(cents)
    return moves


def move_transfer(_books: Books, data: Json) -> Moves:
    """Credit that leaves one line for another."""
    return {
        (line_of(data["from_line"]), None, None, "available", None): data["amount_cents"],
        (line_of(data["to_line"]), None, None, None, "available"): data["amount_cents"],
    }


def move_award(_books: Books, data: Json) -> Moves:
    """Credit reserved; committed at once where no convention is to follow (rules, 9 and 13)."""
    moves: Moves = {}
    lines = data["lines"] if data["role"] == "award" else ()
    for line, cents in amounts_of(lines).items():
        moves[line, None, None, "available", "reserved"] = cents
        if data.get("requires_convention") is False:
            moves[line, data["grant"], None, "reserved", "committed"] = cents
    return moves


def move_signature(books: Books, data: Json) -> Moves:
    """Commit what was reserved; reduce what an award had committed alone (rules, 13)."""
    name, planned = data["convention"], cents_by_line(schedule_of(data["instalments"]))
    alone = books.alone(data["grant"])
    if alone is None:
        return {(line, name, None, "reserved", "committed"): planned[line] for line in planned}
    return {
        (line, name, None, "committed", "available"): share["remaining"] - planned.get(line, 0)
        for line, share in alone.shares.items()
        if share["remaining"] > planned.get(line, 0)
    }


def move_payment(order: Order, cents: int) -> Moves:
    """A payment fills the lines of its order in their order (rules, 20)."""
    before = share_paid(order.lines, order.paid_cents)
    after = share_paid(order.lines, order.paid_cents + cents)
    filled_now = {line: had - before.get(line, 0) for line, had in after.items()}
    return move_order(order, filled_now, ("ordered", "paid"))


def move_rejection(order: Order, *, ended: bool) -> Moves:
    """The unpaid rest of a rejected order, committed again; available where it `ended` (17)."""
    left = unpaid_of(order.lines, order.paid_cents)
    cents = {line: each.cents for line, each in left.items()}
    moves = move_order(order, cents, ("ordered", "committed"))
    return moves | move_order(order, cents, ("committed", "available")) if ended else moves


def move_end(books: Books, convention: Convention, data: Json) -> Moves:
    """Release what remains, and what the award still holds (rules, 17)."""
    return release_remaining(data["convention"], convention) | release_reserved(
        books, convention.grant
    )


def release_remaining(name: str, convention: Convention, to: str = "available") -> Moves:
    """Return to available what remains of a convention, or carry it over."""
    remaining = convention.remaining().items()
    return {(line, name, None, "committed", to): cents for line, cents in remaining}


def release_reserved(books: Books, grant: str) -> Moves:
    """Return to available what no convention has taken of an award."""
    return {
        (line, None, None, "reserved", "available"): cents
        for (of, line), cents in books.reserved.items()
        if of == grant and cents
    }


def move_amendment(books: Books, convention: Convention, data: Json) -> Moves:
    """From what remains to what is planned: up from the reserve, then from credit (rules, 15)."""
    name, planned = data["convention"], cents_by_line(schedule_of(data["instalments"]))
    moves: Moves = {}
    for line in {*planned, *convention.shares}:
        more = planned.get(line, 0) - convention.cents_on(line, "remaining")
        if more < 0:
            moves[line, name, None, "committed", "available"] = -more
            continue
        kept = min(more, books.reserved.get((convention.grant, line), 0))
        if kept:
            moves[line, name, None, "reserved", "committed"] = kept
        if more > kept:
            moves[line, name, None, "available", "committed"] = more - kept
    return moves


def move_reduction(books: Books, convention: Convention, data: Json) -> Moves:
    """Give up what no instalment plans, then the last of those that no order holds (rules, 16)."""
    name, last_first = data["convention"], books.not_held(convention)[::-1]
    moves: Moves = {}
    for row in data["lines"]:
        line, cents = line_of(row["line"]), row["amount_cents"]
        plans = [(each, convention.schedule[each].cents_on(line)) for each in last_first]
        unplanned = convention.shares[line]["remaining"] - sum(plan for _, plan in plans)
        for instalment, plan in ((None, unplanned), *plans):
            part = min(cents, plan)
            if part:
                add(moves, (line, name, instalment, "committed", "available"), part)
                cents -= part
    return moves


def move_collection(books: Books, convention: Convention, data: Json) -> Moves:
    """Return to available what came back, unless it is revenue."""
    came = {} if is_revenue(books, data) else share_recovered(data, convention)
    return {
        (line, data["convention"], None, "paid", "available"): cents
        for line, cents in came.items()
        if cents
    }


def move_order(order: Order, cents: Mapping[Line, int], stages: tuple[str, str]) -> Moves:
    """Moves of one order's money between two stages."""
    return {(line, order.holder, order.key, *stages): each for line, each in cents.items() if each}


OF_CONVENTION: Final[Mapping[str, Callable[[Books, Convention, Json], Moves]]] = {
    "convention.amended": move_amendment,
    "convention.terminated": move_end,
    "commitment.reduced": move_reduction,
    "recovery.collected": move_collection,
}
"""Types that move the money of the convention that they name."""


def is_revenue(books: Books, data: Json) -> bool:
    """Return whether money came after the budget's year or its closing (rules, 31)."""
    return books.closed or int(data["on"][:4]) > int(books.budget[-4:])


def share_recovered(data: Json, convention: Convention) -> dict[Line, int]:
    """Cents that came back on each line (rules, 27): as named, else first where it was asked.

    Then where no other recovery waits, then anywhere; each time in the convention's order.
    """
    if data.get("lines") is not None:
        return amounts_of(data["lines"])
    recovery = convention.recoveries.get(data["recovery"], Recovery())
    came = dict.fromkeys(convention.lines_in_order(), 0)
    limits: tuple[Callable[[Line], int], ...] = (
        lambda line: min(recovery.sum_named_on(line), convention.sum_paid_on(line)),
        lambda line: convention.headroom_on(line, besides=recovery),
        convention.sum_paid_on,
    )
    for limit_on in limits:
        left = data["amount_cents"] - sum(came.values())
        parts = fill(left, [max(0, limit_on(line) - cents) for line, cents in came.items()])
        came = {line: came[line] + part for line, part in zip(came, parts, strict=True)}
    return came


def sum_of(data: Json) -> int:
    """The whole of what is asked back, or came: by lines, or in one sum."""
    if data.get("lines") is None:
        return int(data["amount_cents"])
    return sum(each["amount_cents"] for each in data["lines"])


def asks_too_much(_books: Books, convention: Convention, data: Json) -> Json | None:
    """The facts of a recovery beyond what stays paid and no other waits for."""
    awaited = sum(each.ordered - each.collected for each in convention.recoveries.values())
    headroom = convention.paid_this_year_cents - awaited
    return _too_much(data, headroom, convention.headroom_on)


def collects_too_much(books: Books, data: Json) -> Json | None:
    """The facts of a collection beyond what was asked, or of a line beyond what stays paid."""
    convention = books.conventions.get(data["convention"])
    recovery = None if convention is None else convention.recoveries.get(data["recovery"])
    if convention is None or (recovery is None and not books.closed):
        return None
    recovery = recovery or Recovery()
    return _too_much(data, recovery.ordered - recovery.collected, convention.sum_paid_on)


def _too_much(data: Json, headroom: int, headroom_on: Callable[[Line], int]) -> Json | None:
    """Beyond what may be asked back, or come: in all, then on each line named (rules, 27)."""
    named = amounts_of(data.get("lines") or ())
    on_lines = ((headroom_on(line), cents) for line, cents in named.items())
    for most, cents in ((headroom, sum_of(data)), *on_lines):
        if cents > most:
            return {"convention": data["convention"], "room_cents": most, "asked_cents": cents}
    return None


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
    lines: dict[Line, PlannedAmount]
    due_on: str
    previous: str | None


def find_touched_conventions(books: Books, kind: str, data: Json, first_account: bool) -> list[str]:
    """The conventions that an event touches, in order of signature (rules, 18)."""
    match kind:
        case "deliberation.withdrawn" | "deadline.passed":
            return []
        case "payment-order.acknowledged" | "payment.executed":
            return [books.orders[data["payment_order"]].holder]
        case "bank-account.changed":
            return _find_conventions_of(books, data["beneficiary"]["siret"])
        case "convention.signed" | "fiscal-year.opened":
            if first_account:
                return _find_conventions_of(books, data["beneficiary"]["siret"])
            return [data["convention"] if kind == "convention.signed" else books.opened_as]
        case "deliberation.adopted":
            return [data["grant"]] if is_award_alone(data) else []
        case _:
            return [data["convention"]] if "convention" in data else []


def _find_conventions_of(books: Books, siret: str) -> list[str]:
    known = books.conventions.items()
    return [name for name, each in known if each.beneficiary["siret"] == siret]


def due(books: Books, names: list[str], reissues: bool, own_moves: Moves) -> Iterator[Due]:
    """Orders due now (rules, 18 to 23); what a ceiling cuts off is added to `own_moves`."""
    if books.closed:
        return  # A closed year issues nothing any more (rules, 31).
    for name in names:
        convention = books.conventions[name]
        if convention.state == "in_force" and convention.beneficiary["siret"] in books.accounts:
            yield from _due(books, name, convention, reissues, own_moves)


def _due(
    books: Books, name: str, convention: Convention, reissues: bool, own_moves: Moves
) -> Iterator[Due]:
    drawn_cents = convention.drawn_cents - _sum_given_back_cents(name, own_moves)
    for key, instalment in convention.schedule.items():
        last = None if instalment.order is None else books.orders[instalment.order]
        if last is not None and last.state != "rejected":
            continue
        again_on = instalment.due_again_on if last is None else last.due_on
        if again_on is not None and not (reissues or instalment.set_off):
            continue
        met_on = convention.find_met_day(instalment)
        planned = {
            line: _subtract_given_up(
                each, own_moves.get((line, name, key, "committed", "available"), 0)
            )
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
                    add(own_moves, (line, name, key, "committed", "available"), cut)
        if lines:
            drawn_cents += sum(each.cents for each in lines.values())
            issued = name_order(name, key, instalment.orders + 1)
            previous = last_order(name, convention, key)
            yield Due(issued, name, key, lines, again_on or due_on(met_on), previous)


def _sum_given_back_cents(name: str, own_moves: Moves) -> int:
    """Cents that the event itself takes back of a convention, less what it draws."""
    return sum(
        cents * ((origin in DRAWN) - (target in DRAWN))
        for (_, convention, _, origin, target), cents in own_moves.items()
        if convention == name
    )


def _subtract_given_up(planned: PlannedAmount, given_up_cents: int) -> PlannedAmount:
    return PlannedAmount(planned.cents - given_up_cents, planned.services)


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
