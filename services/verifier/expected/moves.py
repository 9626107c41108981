"""Moves of an accepted event, before the payment orders that follow from it."""

from collections.abc import Callable, Mapping
from typing import Final

from services.verifier.expected.recoveries import is_revenue, recovered_by_line
from services.verifier.records import Json
from services.verifier.state.books import Books
from services.verifier.state.grants import Convention, cents_by_line, schedule_of
from services.verifier.state.lines import Line, MoveKey, amounts_of, line_of
from services.verifier.state.orders import Order, paid_of, unpaid_of

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


def voted(_books: Books, data: Json) -> Moves:
    """Credit opened, or taken away, on each line."""
    moves: Moves = {}
    for line, cents in amounts_of(data["appropriations"]).items():
        stages = (None, "available") if cents > 0 else ("available", None)
        moves[line, None, None, *stages] = abs(cents)
    return moves


def transferred(_books: Books, data: Json) -> Moves:
    """Credit that leaves one line for another."""
    return {
        (line_of(data["from_line"]), None, None, "available", None): data["amount_cents"],
        (line_of(data["to_line"]), None, None, None, "available"): data["amount_cents"],
    }


def awarded(_books: Books, data: Json) -> Moves:
    """Credit reserved; committed at once where no convention is to follow (rules, 9 and 13)."""
    moves: Moves = {}
    lines = data["lines"] if data["role"] == "award" else ()
    for line, cents in amounts_of(lines).items():
        moves[line, None, None, "available", "reserved"] = cents
        if data.get("requires_convention") is False:
            moves[line, data["grant"], None, "reserved", "committed"] = cents
    return moves


def signed(books: Books, data: Json) -> Moves:
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


def paid(order: Order, cents: int) -> Moves:
    """A payment fills the lines of its order in their order (rules, 20)."""
    before = paid_of(order.lines, order.paid_cents)
    after = paid_of(order.lines, order.paid_cents + cents)
    filled_now = {line: had - before.get(line, 0) for line, had in after.items()}
    return of_order(order, filled_now, ("ordered", "paid"))


def rejected(order: Order, *, ended: bool) -> Moves:
    """The unpaid rest of a rejected order, committed again; available where it `ended` (17)."""
    left = unpaid_of(order.lines, order.paid_cents)
    cents = {line: each.cents for line, each in left.items()}
    moves = of_order(order, cents, ("ordered", "committed"))
    return moves | of_order(order, cents, ("committed", "available")) if ended else moves


def ended(books: Books, convention: Convention, data: Json) -> Moves:
    """Release what remains, and what the award still holds (rules, 17)."""
    return released(data["convention"], convention) | unreserved(books, convention.grant)


def released(name: str, convention: Convention, to: str = "available") -> Moves:
    """Return to available what remains of a convention, or carry it over."""
    remaining = convention.remaining().items()
    return {(line, name, None, "committed", to): cents for line, cents in remaining}


def unreserved(books: Books, grant: str) -> Moves:
    """Return to available what no convention has taken of an award."""
    return {
        (line, None, None, "reserved", "available"): cents
        for (of, line), cents in books.reserved.items()
        if of == grant and cents
    }


def amended(books: Books, convention: Convention, data: Json) -> Moves:
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


def reduced(books: Books, convention: Convention, data: Json) -> Moves:
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


def collected(books: Books, convention: Convention, data: Json) -> Moves:
    """Return to available what came back, unless it is revenue."""
    came = {} if is_revenue(books, data) else recovered_by_line(data, convention)
    return {
        (line, data["convention"], None, "paid", "available"): cents
        for line, cents in came.items()
        if cents
    }


def of_order(order: Order, cents: Mapping[Line, int], stages: tuple[str, str]) -> Moves:
    """Moves of one order's money between two stages."""
    return {(line, order.holder, order.key, *stages): each for line, each in cents.items() if each}


OF_CONVENTION: Final[Mapping[str, Callable[[Books, Convention, Json], Moves]]] = {
    "convention.amended": amended,
    "convention.terminated": ended,
    "commitment.reduced": reduced,
    "recovery.collected": collected,
}
"""Types that move the money of the convention that they name."""
