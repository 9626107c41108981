"""A made-up year of a few thousand lines, the same each time: what the fault tests feed on."""

import random
from collections.abc import Iterator

from tests.builders import (
    Json,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)

BUDGETS = ("21590350100017-00-2023", "37887770800040-01-2023", "37887770800057-02-2023")
GRANTS = 100
CENTS = 100_001
UNREADABLE = (b"{", b"\xff\xfe\xfd", b'{"a":1,"a":2}', b"[]", b"")


def _life(budget: str, number: int) -> Iterator[Json]:
    grant, convention = f"G{number}", f"C{number}"
    order = f"{convention}/advance"
    yield an_award(CENTS, budget=budget, grant=grant)
    advance = an_instalment(CENTS // 2)
    reports = [("activity_report", 2022)]
    balance = an_instalment(CENTS - CENTS // 2, "balance", documents=reports, ceiling=True)
    result: Json = {"budget": budget, "grant": grant, "convention": convention}
    yield a_convention(**result, instalments=[advance, balance])
    yield a_notification(budget=budget, convention=convention)
    yield an_acknowledgement(order=order, budget=budget)
    yield a_payment(10_001, order, budget=budget)
    if number % 5 == 0:
        yield an_acknowledgement("rejected", order, budget=budget)
        yield a_new_account(budget=budget)
        order += "/2"
    yield a_payment(CENTS // 2 - 10_001, order, budget=budget)
    yield a_report(budget=budget, convention=convention, eligible_cost_cents=CENTS - number)
    yield a_payment(CENTS, f"{convention}/balance", budget=budget)
    yield a_payment(7, f"{convention}/balance", budget=budget)


def lines(seed: int = 2023, grants: int = GRANTS) -> list[bytes]:
    """The year: histories of many grants interleaved, with repeats and what nobody can read."""
    chance = random.Random(seed)
    histories = [list(_life(budget, number)) for budget in BUDGETS for number in range(grants)]
    order = [number for number, history in enumerate(histories) for _ in history]
    chance.shuffle(order)
    lines = [encoded(a_vote(grants * CENTS, budget=budget)) for budget in BUDGETS]
    for place, number in enumerate(order):
        # Now and then an event comes before the one that it follows, and waits for it.
        event = histories[number].pop(-1 if chance.random() < 0.02 else 0)
        lines.append(encoded(event | {"id": f"e{place}"}))
        if chance.random() < 0.05:
            lines.append(chance.choice(lines))
        if chance.random() < 0.02:
            lines.append(chance.choice(UNREADABLE))
    return lines
