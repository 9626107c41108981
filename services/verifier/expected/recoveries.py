"""Recoveries: where what comes back falls, and how much may be asked back (rules, 27)."""

from collections.abc import Callable

from services.verifier.records import Json
from services.verifier.state.books import Books
from services.verifier.state.grants import Convention, Recovery
from services.verifier.state.lines import Line, amounts_of, filled


def is_revenue(books: Books, data: Json) -> bool:
    """Return whether money came after the budget's year or its closing (rules, 31)."""
    return books.closed or int(data["on"][:4]) > int(books.budget[-4:])


def recovered_by_line(data: Json, convention: Convention) -> dict[Line, int]:
    """Cents that came back on each line (rules, 27): as named, else first where it was asked.

    Then where no other recovery waits, then anywhere; each time in the convention's order.
    """
    if data.get("lines") is not None:
        return amounts_of(data["lines"])
    recovery = convention.recoveries.get(data["recovery"], Recovery())
    came = dict.fromkeys(convention.lines_in_order(), 0)
    limits: tuple[Callable[[Line], int], ...] = (
        lambda line: min(recovery.named_on(line), convention.paid_on(line)),
        lambda line: convention.headroom_on(line, besides=recovery),
        convention.paid_on,
    )
    for limit_on in limits:
        left = data["amount_cents"] - sum(came.values())
        parts = filled(left, [max(0, limit_on(line) - cents) for line, cents in came.items()])
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
    headroom = convention.paid_this_year_cents() - awaited
    return _too_much(data, headroom, convention.headroom_on)


def collects_too_much(books: Books, data: Json) -> Json | None:
    """The facts of a collection beyond what was asked, or of a line beyond what stays paid."""
    convention = books.conventions.get(data["convention"])
    recovery = None if convention is None else convention.recoveries.get(data["recovery"])
    if convention is None or (recovery is None and not books.closed):
        return None
    recovery = recovery or Recovery()
    return _too_much(data, recovery.ordered - recovery.collected, convention.paid_on)


def _too_much(data: Json, headroom: int, headroom_on: Callable[[Line], int]) -> Json | None:
    """Beyond what may be asked back, or come: in all, then on each line named (rules, 27)."""
    named = amounts_of(data.get("lines") or ())
    on_lines = ((headroom_on(line), cents) for line, cents in named.items())
    for most, cents in ((headroom, sum_of(data)), *on_lines):
        if cents > most:
            return {"convention": data["convention"], "room_cents": most, "asked_cents": cents}
    return None
