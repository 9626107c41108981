"""Years that end: a budget is closed, its next year opens, and is closed in its turn.

A history of one budget, then what the treasury still says, what closes it, and the life of what was
carried over. Where a replay would come to the end of its input, the letters are read.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from tests.builders import (
    BUDGET,
    IBAN,
    NEXT_BUDGET,
    Json,
    Story,
    a_closing,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    encoded,
)
from tests.property.histories import ACCOUNTS, budgets_of, mostly, total, woven

Inputs = list[list[bytes]]
"""What is read until the letters are, and again; the last may be empty."""


class Known(NamedTuple):
    """A convention that a history may have led to, and the ids of its instalments."""

    name: str
    instalments: dict[str, int]
    """In cents, by their id."""


def known_in(history: Sequence[bytes]) -> list[Known]:
    """The conventions that events name, whether or not they were accepted."""
    found = []
    for line in history:
        event = json.loads(line)
        data = event["data"]
        if event["type"] == "ecluse.convention.signed.v1":
            found.append(Known(data["convention"], _cents(data["instalments"])))
        elif data.get("requires_convention") is False:
            whole = {"instalment": "1", "lines": data["lines"]}
            found.append(Known(data["grant"], _cents(data.get("instalments") or [whole])))
    return found or [Known("C1", {"advance": 1})]


def _cents(schedule: list[Json]) -> dict[str, int]:
    return {each["instalment"]: total(each) for each in schedule}


def orders_of(known: Sequence[Known]) -> dict[str, int]:
    """The orders that may be issued for them, in cents; some are issued twice."""
    return {
        f"{each.name}/{instalment}{again}": cents
        for each in known
        for (instalment, cents), again in product(each.instalments.items(), ("", "/2"))
    }


def treasury(orders: Mapping[str, int], budget: str) -> list[Json]:
    """What the treasury may say of orders."""
    said = []
    for order, cents in orders.items():
        said += [
            an_acknowledgement(state, order, budget=budget) for state in ("rejected", "on_hold")
        ]
        said += [a_payment(paid, order, budget=budget) for paid in (cents, 333)]
    return said


def carried(known: Sequence[Known], budget: str) -> list[Json]:
    """What may happen to conventions in the year into which they were carried."""
    said: list[Json] = [
        a_vote(budget=budget, appropriations=[an_amount(3_000_000)]),
        a_new_account(IBAN, budget=budget),
        a_new_account(budget=budget),
        an_award(budget=budget, grant="G1", requires_convention=False),
    ]
    for each in known:
        named: Json = {"budget": budget, "convention": each.name}
        said += [
            a_notification(**named),
            a_report(**named, eligible_cost_cents=10_000_000),
            a_report(*ACCOUNTS, **named),
            a_convention(**named, grant="G1"),
        ]
    return said


def numbered(events: Sequence[Json], year: str) -> list[bytes]:
    return [encoded(each | {"id": f"{year}/{number}"}) for number, each in enumerate(events)]


@st.composite
def years(draw: st.DrawFn) -> Inputs:
    """Two years, or nearly three."""
    history = draw(budgets_of(BUDGET))
    known = known_in(history)
    orders = orders_of(known)
    # Most years end in good order: what is issued is taken in charge, and then it is closed.
    taken = [an_acknowledgement(order=each, budget=BUDGET) for each in orders if draw(mostly)]
    names = sorted({each.name for each in known})
    some = draw(st.lists(st.sampled_from([*names, "unknown"]), min_size=1, max_size=3, unique=True))
    wish = draw(st.sampled_from(("all", "all", "all", "none", some)))
    closing = a_closing(wish)
    late = st.sampled_from([*treasury(orders, BUDGET), a_vote(), a_report(convention="C1")])
    paid = draw(st.lists(late, max_size=6))
    told = draw(st.lists(late, max_size=9))
    repeated = [
        history[each % len(history)] for each in draw(st.lists(st.integers(0, 99), max_size=2))
    ]
    first = [*history, *numbered([*taken, *paid, closing, *told], "2023"), *repeated]
    life = st.lists(st.sampled_from(carried(known, NEXT_BUDGET)), max_size=8)
    first = draw(woven([first, numbered(draw(life), "early")]))
    later = [
        *draw(life),
        *draw(st.lists(st.sampled_from(treasury(orders, NEXT_BUDGET)), max_size=8)),
    ]
    later.append(a_new_account(budget=NEXT_BUDGET))
    if draw(st.booleans()):
        taken = [an_acknowledgement(order=each, budget=NEXT_BUDGET) for each in orders]
        later += [*taken, a_closing("all", budget=NEXT_BUDGET)]
    return [first, numbered(later, "2024")]


def told(inputs: Inputs, story: Story | None = None) -> Story:
    """Input after input is read to its end, and behind each the letters that it led to."""
    story = story or Story()
    for history in inputs:
        for event in history:
            story.tell(event)
        story.deliver()
    return story


def count(inputs: Inputs, story: Story) -> int:
    """How many records were consumed: letters are counted too (rules, 32)."""
    return sum(map(len, inputs)) + len(story.letters())
