"""Histories of one or two budgets, drawn so that they often reach deep states.

References come from small pools and amounts from a small set with odd cents, so that events meet:
each grant has a scenario in its natural order, scenarios are interleaved, and mischief is
added last (repeats, reused ids, events out of place, unreadable bytes).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.builders import (
    BUDGET,
    IBAN,
    OTHER_BODY,
    OTHER_ESTABLISHMENT,
    SIRET,
    Json,
    a_bank_account,
    a_beneficiary,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_review,
    a_transfer,
    a_vote,
    a_withdrawn_event,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.property.turns import turns
from tests.unit.tables.good_input import EACH_TYPE

OTHER_BUDGET = "37887770800040-01-2023"
BUDGETS = (BUDGET, OTHER_BUDGET)

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)

# What an award gives: operation, cents, and the departments that share it.
Given = tuple[tuple[str | None, int, dict[str, int] | None], ...]
AWARDS: tuple[Given, ...] = (
    (("489", 100_001, None),),
    (("489", 333, {"EMPLOI": 100, "JEUNESSE": 233}), ("490", 667, None), (None, 1, None)),
    (("490", 1_150_001, {"EMPLOI": 1}), ("489", 1_150_002, None)),
    (("489", 1_500_000, None),),
    (("489", 2_300_000, {"EMPLOI": 2_299_999, "JEUNESSE": 1}),),
    (("490", 1_500_001, None),),
    (("489", 1, None),),
)
RICH = ("489", 5_000_000), ("490", 2_000_003), (None, 1_000_001)
VOTES: tuple[tuple[tuple[str | None, int], ...], ...] = (
    RICH,
    RICH,
    (("489", 10_000_000),),
    (("489", 1_600_000), ("490", 1)),
    (("489", 100_000),),  # a cent less than an award asks
    (("490", 1_500_000),),  # the same
)
BENEFICIARIES = (
    a_beneficiary(),
    a_beneficiary(),
    a_beneficiary(),
    a_beneficiary(siret=OTHER_ESTABLISHMENT),
    a_beneficiary(siret=OTHER_BODY, name="Ville"),
    a_beneficiary(name="LILLE  avenirs", representative="Ève « U+2028 »\u2028\u00a0\u200d"),
)
UNREADABLE = (
    b"{",
    b"\xff\xfe",
    b'{"a":1,"a":2}',
    b"[]",
    encoded(a_vote(0)),
    encoded(a_vote(type="x")),
    encoded(a_payment(_type="ecluse.fiscal-year.opened.v1")),
    encoded(a_report(_partitionkey=OTHER_BUDGET)),
    encoded(a_new_account("FR7610278027150004578690111")),
)

mostly = st.sampled_from((True, True, True, False))
rarely = st.sampled_from((False, False, False, True))


def amounts(given: Given, share: int = 1, of: int = 1, more: int = 0) -> list[Json]:
    """A part of what an award gives, line by line, rounded down; empty lines fall out."""
    rows = []
    for operation, cents, services in given:
        part = cents * share // of + more
        if part:
            rows.append(an_amount(part, operation, services=services if part == cents else None))
    return rows


def rest(given: Given) -> list[Json]:
    """What `amounts(given, 1, 2)` leaves."""
    return [an_amount(cents - cents // 2, operation) for operation, cents, _ in given]


def schedules(given: Given) -> list[list[Json]]:
    """Ways to pay what an award gives; the last two give less and more than it."""
    advance, half = amounts(given, 1, 2), rest(given)
    both = [ACTIVITY, ACCOUNTS]
    balance = an_instalment(name="balance", documents=both, ceiling=True, lines=half)
    whole = an_instalment(lines=amounts(given))
    shapes = [
        [whole],
        [an_instalment(lines=advance), balance],
        [an_instalment(lines=advance, trigger="notification"), balance],
        [
            an_instalment(name="balance", documents=[ACTIVITY], ceiling=True, lines=half),
            an_instalment(lines=advance, trigger="notification"),
        ],
        [an_instalment(lines=half)],
        [an_instalment(lines=amounts(given, more=1))],
    ]
    return [[each for each in shape if each["lines"]] for shape in shapes]


def total(instalment: Json) -> int:
    return sum(each["amount_cents"] for each in instalment["lines"])


def life(name: str, schedule: Sequence[Json], budget: str, costs: Json) -> Iterator[Json]:
    """What may happen to a convention, in its natural order."""
    said: dict[str, Any] = {"budget": budget, "convention": name}
    yield a_notification(**said)
    for instalment in schedule:
        if instalment["trigger"] == "reports":
            yield a_report(**said)
            yield a_report(**said, **costs)
            yield a_report(*ACCOUNTS, **said)
        yield from _orders_of(f"{name}/{instalment['instalment']}", total(instalment), budget)
    yield a_new_account(budget=budget)


def _orders_of(order: str, cents: int, budget: str) -> Iterator[Json]:
    third = cents // 3 + 1
    for state in ("taken_in_charge", "on_hold"):
        yield an_acknowledgement(state, order, budget=budget)
    yield a_payment(third, order, budget=budget)
    yield an_acknowledgement("rejected", order, budget=budget)
    yield a_new_account(IBAN, budget=budget)
    for amount_cents in (cents - third or 1, cents):
        yield a_payment(amount_cents, f"{order}/2", budget=budget)
    yield an_acknowledgement("rejected", f"{order}/2", budget=budget)
    for amount_cents in (cents, cents - third or 1, third, cents + 1):
        yield a_payment(amount_cents, order, budget=budget)


@st.composite
def scenarios(draw: st.DrawFn, number: int, budget: str) -> list[Json]:
    """One grant from its award to its payments."""
    grant, given = f"G{number}", draw(st.sampled_from(AWARDS))
    beneficiary = draw(st.sampled_from(BENEFICIARIES))
    said: dict[str, Any] = {"budget": budget, "grant": grant}
    award = an_award(**said, beneficiary=beneficiary, lines=amounts(given))
    schedule = schedules(given)[draw(st.sampled_from((0, 1, 1, 1, 2, 2, 3, 3, 4, 5)))]
    events = [award]
    name = draw(st.sampled_from((f"C{number}", f"C{number}", f"C{number}", "C1", "G1")))
    if draw(rarely):
        award["data"] |= {"stated_total_cents": 333, "interested": ["A"], "conditions_year": 2023}
    if draw(rarely):
        events.insert(draw(st.integers(0, 1)), a_concurring_act(**said))
    if draw(st.booleans()):
        award["data"]["requires_convention"] = False
        if draw(st.booleans()):
            award["data"]["instalments"] = schedule
        else:
            schedule = [an_instalment(name="1", lines=amounts(given))]
        name = grant
    alone = name == grant
    if not alone or draw(rarely):
        name = f"C{number}" if alone else name
        signed = a_convention(
            **said,
            convention=name,
            beneficiary=draw(
                st.sampled_from((beneficiary, beneficiary, beneficiary, *BENEFICIARIES[3:]))
            ),
            bank_account=a_bank_account() if draw(mostly) else ...,
            instalments=schedule,
            acts=[an_act() if draw(mostly) else an_act("2020-01-01")],
        )
        signed["data"]["signatory"] = "Ève"
        events.append(signed)
    whole = sum(map(total, schedule))
    cost = draw(st.sampled_from((whole, whole // 2 + 7, whole // 3 or 1, 1)))
    pool = list(life(name, schedule, budget, {"eligible_cost_cents": cost}))
    chosen = draw(st.lists(st.integers(0, len(pool) - 1), min_size=10, max_size=30))
    if draw(mostly):
        chosen = sorted(set(chosen))
    drawn = [pool[each] for each in chosen]

    def shares(share: int, of: int, more: int = 0) -> list[Json]:
        return amounts(given, share, of, more)

    for turn in draw(turns(grant, name, schedule, shares, budget)):
        drawn.insert(draw(st.integers(0, len(drawn))), turn)
    return events + drawn


def votes_and_accounts(budget: str) -> st.SearchStrategy[list[Json]]:
    """What happens to the budget beside its grants."""
    pool = [
        a_vote(budget=budget, vote_level="chapter"),
        a_vote(budget=budget, stage="supplementary", appropriations=[an_amount(1_500_001)]),
        a_vote(
            budget=budget, stage="amendment", appropriations=[an_amount(-333), an_amount(1, None)]
        ),
        a_vote(budget=budget, stage="amendment", appropriations=[an_amount(-4_000_000, "490")]),
        a_transfer(1, budget=budget),
        a_transfer(5_000_000, budget=budget),
        a_transfer(7, to="489", budget=budget),
        *(a_new_account(budget=budget, beneficiary=each) for each in BENEFICIARIES),
        a_new_account(IBAN, budget=budget, beneficiary=a_beneficiary(siret=SIRET)),
        an_award(1, budget=budget, grant="G1"),
        *(a_review(number, budget=budget) for number in (2, 99)),
    ]
    return st.lists(st.sampled_from(pool), max_size=5)


@st.composite
def woven(draw: st.DrawFn, sequences: Sequence[Sequence[Any]]) -> list[Any]:
    """The sequences as one sequence; what belongs to one sequence keeps its order."""
    places: list[tuple[int, int, Any]] = []
    for number, sequence in enumerate(sequences):
        size, place = len(sequence), 0
        for gap, each in zip(
            draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)), sequence, strict=True
        ):
            place += gap
            places.append((place, number, each))
    return [each for _, _, each in sorted(places, key=lambda placed: placed[:2])]


def _numbered(events: Sequence[Json]) -> list[Json]:
    """Each event its own id and minute, as a sender gives them."""
    return [
        event | {"id": f"e{number}", "time": f"2023-06-01T12:{number:02d}:00+02:00"}
        for number, event in enumerate(events)
    ]


def spelled(event: Json, spelling: int) -> bytes:
    """The event as careless senders spell it: spaces, a Windows line end, escapes."""
    if spelling == 0:
        return json.dumps(event).encode()
    if spelling == 1:
        return b" \t" + encoded(event) + b" \r"
    return encoded(event)


DRAWN = frozenset(
    f"ecluse.{subject}.{verb}.v1"
    for subject, verbs in {
        "budget": ["voted"],
        "credits": ["transferred"],
        "deliberation": ["adopted", "withdrawn"],
        "convention": ["signed", "notified", "amended", "suspended", "resumed", "terminated"],
        "report": ["received", "rejected"],
        "bank-account": ["changed"],
        "payment-order": ["acknowledged"],
        "payment": ["executed"],
        "commitment": ["reduced"],
        "recovery": ["ordered", "collected"],
        "deadline": ["passed"],
        "fiscal-year": ["closed"],
        "record": ["reviewed"],
        "event": ["withdrawn"],
    }.items()
    for verb in verbs
)
"""The types that are drawn with what belongs to them, here or in `years`."""


def others(budget: str) -> list[Json]:
    """Events of all other types, as the table of good input has them, on the first convention."""
    return [
        each
        | {"partitionkey": budget, "data": each["data"] | {"convention": "C1", "budget": budget}}
        for each in EACH_TYPE
        if each["type"] not in DRAWN
    ]


@st.composite
def budgets_of(draw: st.DrawFn, budget: str) -> list[bytes]:
    """The history of one budget."""
    level = draw(st.sampled_from(("chapter", "article", "operation")))
    voted = [an_amount(cents, operation) for operation, cents in draw(st.sampled_from(VOTES))]
    vote = a_vote(budget=budget, vote_level=level, appropriations=voted)
    sequences = [
        draw(scenarios(number, budget)) for number in range(1, draw(st.integers(1, 3)) + 1)
    ]
    sequences.append(draw(votes_and_accounts(budget)))
    if younger := others(budget):
        sequences.append(draw(st.lists(st.sampled_from(younger), max_size=3)))
    events = draw(woven(sequences))
    late = draw(st.integers(0, 3)) if draw(rarely) else 0
    events.insert(late, vote)
    drawn = _numbered(events)
    for kind, at, to in draw(
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99), st.integers(0, 99)), max_size=6)
    ):
        origin, target = at % len(drawn), to % (len(drawn) + 1)
        if kind == 0:
            drawn.insert(target, drawn[origin])  # a repeat
        elif kind == 1:
            drawn.insert(target, drawn[origin] | {"subject": "other content"})
        elif kind == 2:
            drawn.insert(target % len(drawn), drawn.pop(origin))  # out of place
        elif kind == 3:
            drawn[origin] = drawn[origin] | {"id": f"again {origin}", "correlationid": "c"}
        else:
            drawn.insert(target, drawn[origin] | {"id": f"twice {origin}"})
    if draw(rarely):
        named = draw(st.sampled_from(drawn))
        identity = {"source": named["source"], "id": named["id"]}
        drawn.append(a_withdrawn_event(budget=budget, event=identity))
    spellings = st.lists(st.integers(0, 9), min_size=len(drawn), max_size=len(drawn))
    return [spelled(each, how) for each, how in zip(drawn, draw(spellings), strict=True)]


unreadable = st.lists(st.sampled_from(UNREADABLE), max_size=2)


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """Records as they may come: one or two budgets, and some that nobody can read."""
    names = BUDGETS[: draw(st.sampled_from((1, 1, 2)))]
    sequences = [draw(budgets_of(name)) for name in names]
    return list(draw(woven([*sequences, draw(unreadable)])))
