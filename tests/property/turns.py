"""Turns in a convention's life, for the histories: amended, suspended, ended, asked back."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.builders import (
    Json,
    a_collection,
    a_concurring_act,
    a_deadline,
    a_new_account,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_withdrawal,
    an_act,
    an_amount,
    an_instalment,
)
from tests.builders import an_amendment as amendment

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)
TURNS_MAX = 8
ACTS = (an_act(), an_act(), an_act("2023-04-13"), an_act("2020-01-01"))
"""Those that a withdrawal may name."""


def _amendments(
    said: Json, schedule: Sequence[Json], shares: Callable[..., list[Json]]
) -> Iterator[Json]:
    """New schedules: none, under old names or new ones, up or down, within the award or beyond."""
    names = [each["instalment"] for each in schedule]
    third, half, whole, above = (shares(*each) for each in ((1, 3), (1, 2), (1, 1), (1, 1, 1)))
    raised = an_act("2023-09-01")
    yield amendment(**said, instalments=[])
    for lines in (third, half, whole, above):
        if lines:
            yield amendment(**said, instalments=[an_instalment(name="rest", lines=lines)])
            last = an_instalment(name=names[-1], lines=lines, trigger="notification", ceiling=True)
            yield amendment(**said, instalments=[last])
            report = an_instalment(name="rest", documents=[ACTIVITY], ceiling=True, lines=lines)
            yield amendment(**said, instalments=[report], act=raised)
    first = an_instalment(name=names[0], lines=whole)
    yield amendment(**said, instalments=[first], act=raised)
    yield amendment(**said, instalments=[first, an_instalment(7, "more")], act=an_act())


def _recoveries(said: Json, whole: int, some: list[Json]) -> Iterator[Json]:
    third = whole // 3 or 1
    for recovery in ("R", "R", "S"):
        yield a_recovery(third, **said, recovery=recovery)
        yield a_collection(third // 2 or 1, **said, recovery=recovery)
    yield a_recovery(**said, lines=some or [an_amount(1)])
    yield a_collection(**said, lines=[an_amount(1)])
    yield a_collection(1, **said, on="2024-02-01")
    yield a_recovery(whole, **said)
    yield a_collection(whole, **said)


def _deadlines(said: Json, budget: str, schedule: Sequence[Json]) -> Iterator[Json]:
    for each in schedule:
        order = f"{said['convention']}/{each['instalment']}"
        yield a_deadline(budget=budget, payment_order=order)
    yield a_deadline("report_due", **said)
    for number in range(0, 24, 3):
        event = {"source": "urn:test", "id": f"e{number}"}
        yield a_deadline("parked", budget=budget, event=event)


@st.composite
def turns(
    draw: st.DrawFn,
    grant: str,
    name: str,
    schedule: Sequence[Json],
    shares: Callable[..., list[Json]],
    budget: str,
) -> list[Json]:
    """Some turns of one convention, in any order; most conventions see few."""
    kinds = kinds_of_turns(name, schedule, shares, budget)
    count = draw(st.sampled_from((0, 1, 2, 3, 5, TURNS_MAX)))
    chosen = [
        draw(st.sampled_from(kinds[draw(st.integers(0, len(kinds) - 1))])) for _ in range(count)
    ]
    if name != grant and draw(st.booleans()):
        # The grant may have been paid before its convention: recoveries go on to name it.
        back = _recoveries({"budget": budget, "convention": grant}, 999, [])
        chosen += list(back)[: draw(st.integers(0, 2))]
    if draw(st.sampled_from((True, False, False))):
        act = draw(st.sampled_from(ACTS))
        ends = ends_of(grant, name, act, budget)
        chosen += draw(st.lists(st.sampled_from(ends), min_size=1, max_size=3))
    return chosen


def kinds_of_turns(
    name: str, schedule: Sequence[Json], shares: Callable[..., list[Json]], budget: str
) -> list[list[Json]]:
    """All turns that a convention may take, by their kind."""
    said: dict[str, Any] = {"budget": budget, "convention": name}
    whole = sum(line["amount_cents"] for each in schedule for line in each["lines"])
    reductions = [a_reduction(**said, lines=shares(1, of) or [an_amount(1)]) for of in (1, 3, 99)]
    return [
        list(_amendments(said, schedule, shares)),
        [a_suspension(**said), a_resumption(**said), a_suspension(**said)],
        [*reductions, a_reduction(1, **said)],
        [a_rejected_report(**said), a_rejected_report(*ACCOUNTS, **said), a_report(**said)],
        list(_recoveries(said, whole, shares(1, 3))),
        list(_recoveries(said, whole, [])),
        list(_deadlines(said, budget, schedule)),
        [a_new_account(budget=budget)],
    ]


def ends_of(grant: str, name: str, act: Json, budget: str) -> list[Json]:
    """The ways in which it may come to its end."""
    return [
        a_termination(budget=budget, convention=name),
        a_withdrawal(budget=budget, grant=grant, act=act),
        a_withdrawal(budget=budget, grant=grant, cause="annulled"),
        a_concurring_act(budget=budget, grant=grant),
    ]
