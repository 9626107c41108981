"""A made-up year of a few thousand lines, the same each time: what the fault tests feed on."""

import random

from tests.builders import a_vote, encoded
from tests.simulation.scenes import a_good_grant

BUDGETS = ("21590350100017-00-2023", "37887770800040-01-2023", "37887770800057-02-2023")
GRANTS = 100
CENTS = 100_001
UNREADABLE = (b"{", b"\xff\xfe\xfd", b'{"a":1,"a":2}', b"[]", b"")


def lines(seed: int = 2023, grants: int = GRANTS) -> list[bytes]:
    """The year: histories of many grants interleaved, with repeats and what nobody can read."""
    chance = random.Random(seed)
    histories = [
        list(a_good_grant(str(number), budget, CENTS + number))
        for budget in BUDGETS
        for number in range(grants)
    ]
    order = [number for number, history in enumerate(histories) for _ in history]
    chance.shuffle(order)
    lines = [encoded(a_vote(2 * grants * CENTS, budget=budget)) for budget in BUDGETS]
    for place, number in enumerate(order):
        # Now and then an event comes before the one that it follows, and waits for it.
        event = histories[number].pop(-1 if chance.random() < 0.02 else 0)
        lines.append(encoded(event | {"id": f"e{place}"}))
        if chance.random() < 0.05:
            lines.append(chance.choice(lines))
        if chance.random() < 0.02:
            lines.append(chance.choice(UNREADABLE))
    return lines
