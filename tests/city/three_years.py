"""The city's three years: its grants, what is voted for them, and how two of the years end."""

import random
from collections.abc import Callable
from datetime import date
from itertools import count, product
from typing import Final

from tests.builders import Json, a_closing, a_payment, a_transfer, a_vote
from tests.city import lives
from tests.city.associations import ASSOCIATIONS
from tests.city.city import (
    ANNEX,
    CLOSED,
    MAIN,
    YEARS,
    City,
    Grant,
    a_place,
    budget_of,
    on_lines,
)

Life = Callable[[Grant], None]

LIVES: Final[tuple[tuple[Life, int, int], ...]] = (
    (lives.ordinary, 10, 3),
    (lives.without_convention, 5, 2),
    (lives.rejected_order, 2, 0),
    (lives.rejected_for_good, 1, 0),
    (lives.on_hold, 1, 1),
    (lives.suspended, 1, 0),
    (lives.terminated, 1, 0),
    (lives.withdrawn, 1, 0),
    (lives.reduced, 1, 1),
    (lives.paid_back, 2, 1),
    (lives.amended, 1, 0),
    (lives.carried_over, 2, 1),
    (lives.carried_twice, 1, 0),
    (lives.paid_after_the_closing, 1, 1),
    (lives.for_the_rest, 1, 0),
    (lives.never_paid, 1, 0),
    (lives.out_of_order, 1, 0),
    (lives.mistakes, 1, 0),
)
"""How many grants live so in a year, in the main budget and in the annex one."""

OPERATIONS: Final = {MAIN: ("C311", "C33", "S40", "S411", "J20"), ANNEX: ("A61", "A62")}
CREDIT_CENTS: Final = 60_000_000
"""What is voted for each operation a year."""


def a_city(seed: int = 2026) -> City:
    """All three years, the same of the same seed."""
    city, numbers = City(random.Random(seed)), count(1)
    for year, section in product(YEARS, (MAIN, ANNEX)):
        credit(city, section, year)
        bodies = iter(city.chance.sample(ASSOCIATIONS, len(ASSOCIATIONS)))
        for life, *times in LIVES:
            for _ in range(times[section == ANNEX]):
                operations = city.chance.sample(OPERATIONS[section], city.chance.choice((1, 2)))
                shares = {each: city.chance.randrange(250_000, 1_100_000) for each in operations}
                if life is lives.for_the_rest:
                    shares = {operations[0]: 1_500_001}
                number = next(numbers)
                name = f"CONV-{year}-{number:03}"
                life(Grant(city, section, year, number, next(bodies), shares, name))
    for year, section in product(CLOSED, (MAIN, ANNEX)):
        close(city, section, year)
    return city


def credit(city: City, section: str, year: int) -> None:
    """What the council votes of the credits, and takes back."""
    budget, operations = budget_of(section, year), OPERATIONS[section]
    opened = on_lines(dict.fromkeys(operations, CREDIT_CENTS))
    city.say(date(year - 1, 12, 18), a_vote(budget=budget, appropriations=opened))
    city.say(date(year, 1, 9), a_vote(budget=budget, appropriations=opened), "budget_already_voted")
    for stage, day, cents in (
        ("supplementary", date(year, 6, 25), 3_000_000),
        ("amendment", date(year, 11, 5), -1_000_001),
    ):
        changed = on_lines({operations[0]: cents})
        city.say(day, a_vote(budget=budget, stage=stage, appropriations=changed))
    places: Json = {"from_line": a_place(operations[0]), "to_line": a_place(operations[1])}
    city.say(date(year, 10, 5), a_transfer(77_777, budget=budget, **places))


def close(city: City, section: str, year: int) -> None:
    """Close a year: once too early, then for good; after that nothing is voted there."""
    budget = budget_of(section, year)
    names = [name for of, name in city.carried_cents if of == budget]
    if section == MAIN:
        city.say(date(year, 7, 21), a_closing(budget=budget), "orders_outstanding")
    ended = date(year + 1, 1, 31)
    city.say(ended, a_closing(names, budget=budget, closed_on=str(ended)))
    late = a_vote(budget=budget, stage="supplementary", appropriations=on_lines({"C33": 1}))
    city.say(date(year + 1, 2, 2), late, "fiscal_year_closed")
    nobody = a_payment(1, "CONV-NOWHERE/unique", budget=budget_of(section, year + 1))
    city.say(date(year + 1, 2, 3), nobody, "unknown_payment_order")
