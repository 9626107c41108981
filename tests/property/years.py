"""Years that end: a budget is closed, its next year opens, and is closed in its turn.

A history of one budget, then what the treasury still says, what closes it, and the life of what was
carried over. Where a replay would come to the end of its input, the internal events are read.
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
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_deadline,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.property.histories import ACCOUNTS, budgets_of, mostly, total, woven

Inputs = list[list[bytes]]
"""What is read until the internal events are, and again; the last may be empty."""


ENDS = (b"convention.terminated", b"deliberation.withdrawn")
"""What keeps money from being carried over: most histories here do without."""


class Known(NamedTuple):
    """A convention that a history may have led to, and the ids of its instalments."""

    name: str
    grant: str
    instalments: dict[str, int]
    """In cents, by their id."""


def known_in(history: Sequence[bytes]) -> list[Known]:
    """The conventions that events name, whether or not they were accepted."""
    found = []
    for line in history:
        event = json.loads(line)
        data = event["data"]
        if event["type"] == "ecluse.convention.signed.v1":
            found.append(Known(data["convention"], data["grant"], _cents(data["instalments"])))
        elif data.get("requires_convention") is False:
            whole = {"instalment": "1", "lines": data["lines"]}
            found.append(
                Known(data["grant"], data["grant"], _cents(data.get("instalments") or [whole]))
            )
    return found or [Known("C1", "G1", {"advance": 1})]


def _cents(schedule: list[Json]) -> dict[str, int]:
    return {each["instalment"]: total(each) for each in schedule}


def orders_of(known: Sequence[Known]) -> dict[str, int]:
    """The orders that may be issued for them, in cents; some are issued twice."""
    return {
        f"{each.name}/{instalment}{again}": cents
        for each in known
        for (instalment, cents), again in product(each.instalments.items(), ("", "/2"))
    }


def asked_back(known: Sequence[Known], budget: str) -> list[Json]:
    """What may be asked back of conventions, and come; in a closed year too (rules, 31)."""
    said = []
    for each in known:
        named: Json = {"budget": budget, "convention": each.name, "on": "2024-02-15"}
        third = sum(each.instalments.values()) // 3 or 1
        said += [a_recovery(third, **named), a_recovery(1, **named, recovery="S")]
        said += [a_collection(third, **named), a_collection(1, **named, recovery="S")]
    return said


def reports(known: Sequence[Known], budget: str) -> list[Json]:
    """What may be said of the documents of conventions, in a closed year too (rules, 31)."""
    said = []
    for each in known:
        named: Json = {"budget": budget, "convention": each.name}
        said += [a_report(**named), a_report(*ACCOUNTS, **named), a_rejected_report(**named)]
        said.append(a_deadline("report_due", **named, due_on="2024-06-30"))
    return said


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
            a_rejected_report(**named),
            a_convention(**named, grant="G1"),
            *_turns(each, named),
        ]
    return said


def same_names(known: Sequence[Known], budget: str, kind: float) -> list[Json]:
    """What the next year holds of its own under the names of conventions that it will be given.

    `kind`, from 0 to 1, says of what kind: conventions, grants without one, or grants that fell.
    """
    said: list[Json] = [a_vote(budget=budget, appropriations=[an_amount(3_000_000)])]
    for each in known:
        if kind < 1 / 3:
            said.append(an_award(7, budget=budget, grant=each.name, requires_convention=False))
            continue
        said.append(an_award(7_777, budget=budget, grant=each.grant))
        if kind < 2 / 3:
            plan = [an_instalment(333, trigger="notification")]
            named: Json = {"budget": budget, "grant": each.grant, "convention": each.name}
            said.append(a_convention(**named, instalments=plan))
        else:
            said.append(a_withdrawal(budget=budget, grant=each.grant))
    return said


def owed(known: Sequence[Known], budget: str) -> list[Json]:
    """What makes their instalments due, all of it."""
    said = []
    for each in known:
        named: Json = {"budget": budget, "convention": each.name}
        said += [a_notification(**named), a_report(**named), a_report(*ACCOUNTS, **named)]
    return said


def _turns(known: Known, named: Json) -> list[Json]:
    """How the life of what was carried over goes on, and ends."""
    whole = sum(known.instalments.values())
    rest = an_instalment(whole // 3 or 1, "rest", trigger="notification")
    first = an_instalment(whole, next(iter(known.instalments)))
    return [
        a_suspension(**named),
        a_resumption(**named),
        a_resumption(**named),
        a_reduction(**named),
        an_amendment(**named, instalments=[rest]),
        an_amendment(**named, instalments=[first], act=an_act("2024-03-01")),
        a_termination(**named),
        a_withdrawal(budget=named["budget"], grant=known.grant),
    ]


def numbered(events: Sequence[Json], year: str) -> list[bytes]:
    return [encoded(each | {"id": f"{year}/{number}"}) for number, each in enumerate(events)]


@st.composite
def years(draw: st.DrawFn) -> Inputs:
    """Two years, or nearly three."""
    history = draw(budgets_of(BUDGET))
    if draw(mostly):
        history = [line for line in history if not any(end in line for end in ENDS)]
    known = known_in(history)
    orders = orders_of(known)
    if draw(st.integers(0, 3)) == 0:  # What rests on documents is ordered, and rejected later.
        history = [*history, *numbered(owed(known, BUDGET), "owed")]
    # Most years end in good order: what is issued is taken in charge, and then it is closed.
    taken = [an_acknowledgement(order=each, budget=BUDGET) for each in orders if draw(mostly)]
    names = sorted({each.name for each in known})
    some = draw(st.lists(st.sampled_from([*names, "unknown"]), min_size=1, max_size=3, unique=True))
    wish = draw(st.sampled_from(("all", "all", "all", "none", some)))
    closing = a_closing(wish)
    back = asked_back(known, BUDGET)
    says = treasury(orders, BUDGET)
    late = st.sampled_from([*says, *back, a_vote(), a_report(convention="C1")])
    paid = draw(st.lists(late, max_size=6))
    decided = draw(st.lists(late, max_size=9))
    reported = st.lists(st.sampled_from(reports(known, BUDGET)), max_size=5)
    decided = draw(woven([decided, draw(reported)]))
    repeated = [
        history[each % len(history)] for each in draw(st.lists(st.integers(0, 99), max_size=2))
    ]
    first = [*history, *numbered([*taken, *paid, closing, *decided], "2023"), *repeated]
    life = st.lists(st.sampled_from(carried(known, NEXT_BUDGET)), max_size=8)
    if draw(st.integers(0, 3)) == 0:
        same = same_names(known, NEXT_BUDGET, draw(st.sampled_from((0.0, 0.5, 1.0))))
        first = [*numbered(same, "same"), *first]
    first = draw(woven([first, numbered(draw(life), "early")]))
    taken_next = [an_acknowledgement(order=each, budget=NEXT_BUDGET) for each in orders]
    paid_next = [a_payment(cents, each, budget=NEXT_BUDGET) for each, cents in orders.items()]
    later = [
        *draw(life),
        *(each for each in owed(known, NEXT_BUDGET) if draw(mostly)),
        *draw(life),
        *draw(st.lists(st.sampled_from(treasury(orders, NEXT_BUDGET)), max_size=8)),
        *(each for each in paid_next if draw(mostly)),
        *(each for each in asked_back(known, NEXT_BUDGET) if draw(mostly)),
    ]
    later.append(a_new_account(budget=NEXT_BUDGET))
    if draw(st.booleans()):
        later += [*taken_next, a_closing("all", budget=NEXT_BUDGET)]
    return [first, numbered(later, "2024")]


def decided(inputs: Inputs, scenario: Scenario | None = None) -> Scenario:
    """Input after input is read to its end, and behind each the internal events that it led to."""
    scenario = scenario or Scenario()
    for history in inputs:
        for event in history:
            scenario.tell(event)
        scenario.deliver()
    return scenario


def count(inputs: Inputs, scenario: Scenario) -> int:
    """How many records were consumed: internal events are counted too (rules, 32)."""
    return sum(map(len, inputs)) + len(scenario.internal_events())
