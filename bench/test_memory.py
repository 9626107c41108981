"""Bytes in memory: of a convention line with all that belongs to it, of a remembered event."""

import gc
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context

from bench import world
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from services.ledger.domain.model.book import new_budget, shorten


def _grown_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _held_bytes(services: world.Services) -> int:
    """What the ledger holds of the year's opening, the remembered ids left out."""
    opening = list(world.opening(services))
    tracemalloc.start()
    before = _grown_bytes()
    ledger = Ledger()
    for offset, event in enumerate(opening):
        ledger.handle(RawRecord(event, Source("bench", 0, offset)))
        if offset % 500 == 499:
            ledger.commit_batch([])
    ledger.commit_batch([])
    for state in ledger.budgets.values():
        state.memory.remembered.clear()
    held = _grown_bytes() - before
    tracemalloc.stop()
    return held


def _held_alone(services: world.Services) -> int:
    """The same in a new process: names that this one has met already would count for nothing."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_held_bytes, services).result()


def test_a_convention_line() -> None:
    """A grant of three lines with its convention, schedule, order and account; and a line more."""
    three = _held_alone(world.SERVICES_OF_A_LINE) / world.CONVENTIONS
    six = _held_alone((*world.SERVICES_OF_A_LINE, 1, 1, 1)) / world.CONVENTIONS
    print(f"\n{three / 3:.0f} bytes a convention line, all that belongs to its grant shared out")
    print(f"{(six - three) / 3:.0f} bytes for one line more")
    assert six > three > 0


def test_a_remembered_event() -> None:
    """An event's identity and content digest, in a budget of 100,000 events."""
    events = 100_000
    memory = new_budget("b").memory
    digests = [n.to_bytes(32, "big") for n in range(events)]
    ids = [f"evenement-2023-{n:08d}" for n in range(events)]
    tracemalloc.start()
    before = _grown_bytes()
    for event_id, digest in zip(ids, digests, strict=True):
        identity = sha256(f"urn:bench:erp\0{event_id}".encode()).digest()
        memory.remembered[shorten(identity)] = shorten(digest[::-1])
    held = _grown_bytes() - before
    tracemalloc.stop()
    print(f"\n{held / events:.0f} bytes a remembered event")
    assert events == len(memory.remembered)


CLOSED_BUDGETS = 50


def _left_bytes(kind: str) -> int:
    """What the ledger holds of years that were closed; the remembered ids left out."""
    budgets = [world.budget_id(number) for number in range(CLOSED_BUDGETS)]
    acknowledged = {"state": "taken_in_charge", "on": "2023-06-30"}
    closed = {"closed_on": "2024-01-31", "carry_over": kind}
    opening = [each for each in world.opening() if world.budget_of(each).decode() in budgets]
    tracemalloc.start()
    before = _grown_bytes()
    ledger = Ledger()

    def tell(event: bytes) -> None:
        (record,) = ledger.handle(RawRecord(event, Source("bench", 0, 0)))
        assert record.outcome == "accepted", record.refusal
        ledger.commit_batch([])

    for event in opening:
        tell(event)
    for number, budget in enumerate(budgets):
        for each in range(world.CONVENTIONS_OF_A_BUDGET):
            order = {"payment_order": f"CONV-{each:03d}/advance"}
            said = order | acknowledged
            tell(world.event_bytes(budget, "payment-order.acknowledged", f"ack/{each}", said))
            cents = world.LINES_OF_A_CONVENTION * world.advance_cents(number, each)
            paid = {"amount_cents": cents, "executed_on": "2023-06-30", "bank_reference": "VIR"}
            tell(world.event_bytes(budget, "payment.executed", f"pay/{each}", order | paid))
        tell(world.event_bytes(budget, "fiscal-year.closed", "closed", closed))
    assert all(state.book.closed_out for state in ledger.budgets.values())
    for state in ledger.budgets.values():
        state.memory.remembered.clear()
    held = _grown_bytes() - before
    tracemalloc.stop()
    return held


def test_a_convention_of_a_closed_year() -> None:
    """What is kept of a convention of three paid lines, for recoveries and for its reports."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        # The first fills what a process makes once: with so few conventions that would count.
        _, kept, carried = process.map(_left_bytes, ("none", "none", "all"))
    conventions = CLOSED_BUDGETS * world.CONVENTIONS_OF_A_BUDGET
    print(f"\n{kept / conventions:.0f} bytes a convention of a closed year")
    print(f"{carried / conventions:.0f} bytes one that was carried over")
    assert kept > carried > 0
