"""What an accepted event moves by itself: before any payment order follows from it."""

from collections.abc import Mapping

from services.verifier.grants import (
    Convention,
    Order,
    cents_by_line,
    paid_of,
    schedule_of,
    unpaid_of,
)
from services.verifier.lines import Json, Line, MoveKey, line_of

Moves = dict[MoveKey, int]
"""Cents by what moves where; one entry for all that goes the same way."""


def add(moves: Moves, key: MoveKey, cents: int) -> None:
    """Add to what goes one way."""
    moves[key] = moves.get(key, 0) + cents


def moves_done(rows: list[Json]) -> Moves:
    """The moves of a record, added up."""
    done: Moves = {}
    for row in rows:
        key = (line_of(row["line"]), row["convention"], row["instalment"], row["from"], row["to"])
        add(done, key, row["amount_cents"])
    return done


def voted(data: Json) -> Moves:
    """Credit opened, or taken away, on each line."""
    moves: Moves = {}
    for each in data["appropriations"]:
        line, cents = line_of(each["line"]), each["amount_cents"]
        way = (None, "available") if cents > 0 else ("available", None)
        add(moves, (line, None, None, *way), abs(cents))
    return moves


def transferred(data: Json) -> Moves:
    """Credit that leaves one line for another."""
    moves: Moves = {}
    cents = data["amount_cents"]
    add(moves, (line_of(data["from_line"]), None, None, "available", None), cents)
    add(moves, (line_of(data["to_line"]), None, None, None, "available"), cents)
    return moves


def awarded(data: Json) -> Moves:
    """Credit reserved; committed at once where no convention is to follow (rules, 9 and 13)."""
    moves: Moves = {}
    for each in data["lines"]:
        line, cents = line_of(each["line"]), each["amount_cents"]
        add(moves, (line, None, None, "available", "reserved"), cents)
        if data.get("requires_convention") is False:
            add(moves, (line, data["grant"], None, "reserved", "committed"), cents)
    return moves


def signed(data: Json, alone: Convention | None) -> Moves:
    """What was reserved is committed; what an award had committed alone is reduced (rules, 13)."""
    name, planned = data["convention"], cents_by_line(schedule_of(data["instalments"]))
    if alone is None:
        return {
            (line, name, None, "reserved", "committed"): cents for line, cents in planned.items()
        }
    return {
        (line, name, None, "committed", "available"): share["remaining"] - planned.get(line, 0)
        for line, share in alone.shares.items()
        if share["remaining"] > planned.get(line, 0)
    }


def paid(order: Order, cents: int) -> Moves:
    """A payment fills the lines of its order in their order (rules, 20)."""
    before = paid_of(order.lines, order.paid_cents)
    after = paid_of(order.lines, order.paid_cents + cents)
    return of_order(
        order,
        {line: had - before.get(line, 0) for line, had in after.items()},
        ("ordered", "paid"),
    )


def rejected(order: Order) -> Moves:
    """What is not paid of a rejected order is committed again (rules, 21)."""
    left = unpaid_of(order.lines, order.paid_cents)
    cents = {line: each.cents for line, each in left.items()}
    return of_order(order, cents, ("ordered", "committed"))


def of_order(order: Order, cents: Mapping[Line, int], way: tuple[str, str]) -> Moves:
    """Money of one order that goes one way."""
    name, instalment = order.convention, order.instalment
    return {(line, name, instalment, *way): each for line, each in cents.items() if each}
