"""The events of the benchmark: the opening of a made-up year, then payments and reports.

Each convention is paid its advance in parts while its reports come in; its certified accounts set
off the balance, under a ceiling; then that is paid in parts too. One budget in a hundred is hot: it
gets ten events where others get one, all on the same three lines.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from bench import world
from services.runtime.kafka.publishing import Message

EVENTS: Final = 300_000
YEAR_EVENTS_MAX: Final = 100_000
"""The most events that files, tables and the console are given, behind those of the opening."""

WHOLE_YEAR_EVENTS: Final = 30_000
"""From this size on a run has all 500 budgets; below, as many fewer."""

HOT_EVERY: Final = 100
"""One budget in so many is hot."""

HOT_WEIGHT: Final = 10
"""How many turns a hot budget has where others have one."""

COST_CENTS: Final = 5 * world.ADVANCE_CENTS
"""The eligible cost that every report states: a ceiling below what a convention planned."""


def budgets_of(events: int) -> int:
    """How many budgets a run of this size has."""
    return max(1, min(world.BUDGETS, events * world.BUDGETS // WHOLE_YEAR_EVENTS))


def opening(budgets: int) -> Iterator[bytes]:
    """Votes, awards and conventions: what stands before the clock starts."""
    return islice(world.opening(), opening_events(budgets))


def opening_events(budgets: int) -> int:
    """How many events those are."""
    return budgets * (1 + 2 * world.CONVENTIONS_OF_A_BUDGET)


def stream(events: int, budgets: int) -> Iterator[bytes]:
    """The timed events, budgets taking turns: the hardest order for caches and for batches."""
    return islice(_Turns(events, budgets).pairs(), events)


def write(file: Path, events: Iterable[bytes]) -> int:
    """Write one event a line; how many there are."""
    count = 0
    with file.open("wb") as lines:
        for event in events:
            lines.write(event + b"\n")
            count += 1
    return count


def messages(file: Path, events_max: int | None = None) -> Iterator[Message]:
    """The events of a file, or the first of them, each under its budget."""
    with file.open("rb") as lines:
        for line in islice(lines, events_max):
            yield Message(world.budget_of(line), line[:-1])


class _Named(msgspec.Struct):
    id: str
    partitionkey: str


_read: Final = msgspec.json.Decoder(_Named).decode


def read_names(event: bytes) -> tuple[str, str]:
    """An event's budget and its id."""
    named = _read(event)
    return named.partitionkey, named.id


class _Turns:
    """Who speaks when: in a round every convention has a payment and a report, a hot one ten."""

    def __init__(self, events: int, budgets: int) -> None:
        self._ids = [world.budget_id(number) for number in range(budgets)]
        weights = sum(map(_weight_of, range(budgets)))
        pairs = 2 * world.CONVENTIONS_OF_A_BUDGET * weights
        # An even number, so that the advance and the balance are each paid in half of the turns;
        # and four at least, so that a report comes before the accounts that set the balance off.
        self._rounds = 2 * max(2, -(-events // (2 * pairs)))

    def pairs(self) -> Iterator[bytes]:
        for round_ in range(self._rounds):
            for each in range(world.CONVENTIONS_OF_A_BUDGET):
                for step in range(HOT_WEIGHT):
                    for number in range(len(self._ids)):
                        weight = _weight_of(number)
                        if step < weight:
                            yield from self._pair(number, each, round_ * weight + step)

    def _pair(self, number: int, each: int, turn: int) -> Iterator[bytes]:
        """A payment and a report; halfway the certified accounts set off the balance."""
        half = self._rounds * _weight_of(number) // 2
        budget, convention = self._ids[number], f"CONV-{each:03d}"
        advance_cents = world.LINES_OF_A_CONVENTION * world.advance_cents(number, each)
        is_advance = turn < half
        whole_cents = advance_cents if is_advance else COST_CENTS - advance_cents
        payment = {
            "payment_order": f"{convention}/{'advance' if is_advance else 'balance'}",
            "amount_cents": whole_cents // half,
            "executed_on": "2023-06-30",
            "bank_reference": f"VIR-{turn:06d}",
        }
        yield world.event_bytes(budget, "payment.executed", f"pay-{each}-{turn}", payment)
        kind = "certified_accounts" if turn == half - 1 else "activity_report"
        report = {
            "convention": convention,
            "document": {"kind": kind, "year": 2022},
            "received_on": "2023-06-30",
            "eligible_cost_cents": COST_CENTS,
        }
        yield world.event_bytes(budget, "report.received", f"report-{each}-{turn}", report)


def _weight_of(budget: int) -> int:
    """How many turns a budget has in a round."""
    return HOT_WEIGHT if budget % HOT_EVERY == 0 else 1
