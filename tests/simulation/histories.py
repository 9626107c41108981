"""What happens to a budget in a year and over its end, drawn from a seed: events in their order.

They meet: references come from small pools, amounts from a few with odd cents. Builders, lives and
turns are those of the property tests; here chance is a seed's own, so that a number alone tells a
history, and a long run costs little.
"""

import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections.abc import Sequence
from typing import Any, Final

from services.ledger.domain.fiscal_year import next_year
from tests.builders import (
    Json,
    a_bank_account,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_rejected_report,
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
from tests.property.histories import (
    AWARDS,
    BENEFICIARIES,
    VOTES,
    amounts,
    life,
    schedules,
    total,
)
from tests.property.turns import ACTS, ends_of, kinds_of_turns
from tests.property.years import (
    Known,
    asked_back,
    carried,
    known_in,
    orders_of,
    owed,
    same_names,
    treasury,
)
from tests.simulation.scenes import SCENES, a_good_grant

LEVELS: Final = ("chapter", "article", "operation")
NOBODYS: Final = "nobody's"
OBLIGED: Final = [{"kind": "activity_report", "year": 2023, "due_on": "2024-06-30"}]


def a_grant(chance: random.Random, number: int, budget: str) -> list[Json]:
    """One grant, from its award to its payments, and some turns that it takes."""
    grant, given = f"G{number}", chance.choice(AWARDS)
    beneficiary = chance.choice(BENEFICIARIES)
    common: dict[str, Any] = {"budget": budget, "grant": grant}
    award = an_award(**common, beneficiary=beneficiary, lines=amounts(given))
    schedule = schedules(given)[chance.choice((0, 1, 1, 1, 2, 2, 3, 3, 4, 5))]
    name = chance.choice((f"C{number}", f"C{number}", f"C{number}", "C1", "G1"))
    events = [award]
    if chance.random() < 0.25:
        award["data"] |= {"stated_total_cents": 333, "interested": ["A"], "conditions_year": 2023}
    if chance.random() < 0.25:
        events.insert(chance.randint(0, 1), a_concurring_act(**common))
    alone = chance.random() < 0.4
    if alone:
        award["data"]["requires_convention"] = False
        if chance.random() < 0.5:
            award["data"]["instalments"] = schedule
        else:
            schedule = [an_instalment(name="1", lines=amounts(given))]
        name = grant
    if not alone or chance.random() < 0.25:
        name = f"C{number}" if alone else name
        events.append(_signed(chance, common | {"convention": name}, beneficiary, schedule))
    return events + _life(chance, grant, name, schedule, given, budget)


def _signed(
    chance: random.Random, common: Json, beneficiary: Json, schedule: Sequence[Json]
) -> Json:
    others = (beneficiary, beneficiary, beneficiary, *BENEFICIARIES[3:])
    more: Json = {"obligations": OBLIGED} if chance.random() < 0.3 else {}
    return a_convention(
        **common,
        **more,
        beneficiary=chance.choice(others),
        bank_account=a_bank_account() if chance.random() < 0.75 else ...,
        instalments=list(schedule),
        acts=[an_act() if chance.random() < 0.75 else an_act("2020-01-01")],
        signatory="Ève",
    )


def _life(
    chance: random.Random, grant: str, name: str, schedule: list[Json], given: Any, budget: str
) -> list[Json]:
    whole = sum(map(total, schedule))
    cost = chance.choice((whole, whole // 2 + 7, whole // 3 or 1, 1))
    pool = list(life(name, schedule, budget, {"eligible_cost_cents": cost}))
    chosen = sorted(chance.sample(range(len(pool)), min(len(pool), chance.randint(2, 9))))
    events_in_order = [pool[each] for each in chosen]

    def shares(share: int, of: int, more: int = 0) -> list[Json]:
        return amounts(given, share, of, more)

    kinds = kinds_of_turns(name, schedule, shares, budget)
    changes = [chance.choice(chance.choice(kinds)) for _ in range(chance.choice((0, 0, 1, 2, 4)))]
    if chance.random() < 0.25:
        changes += chance.choices(ends_of(grant, name, chance.choice(ACTS), budget), k=2)
    if chance.random() < 0.15:
        due = "2024-06-30"
        changes.append(a_deadline("report_due", budget=budget, convention=name, due_on=due))
    for change in changes:
        events_in_order.insert(chance.randint(0, len(events_in_order)), change)
    return events_in_order


def beside_the_grants(chance: random.Random, budget: str) -> Json:
    """Something that happens to the budget itself, or to a bank account."""
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
        a_new_account(budget=budget, beneficiary=chance.choice(BENEFICIARIES)),
        an_award(1, budget=budget, grant="G1"),
        a_review(2, budget=budget),
        a_review(999, budget=budget),  # no year has so many records
        a_report(budget=budget, convention=NOBODYS),
        a_payment(1, f"{NOBODYS}/1", budget=budget),
    ]
    return chance.choice(pool)


def woven(chance: random.Random, sequences: Sequence[list[Any]]) -> list[Any]:
    """The sequences as one; each keeps its own order."""
    left = [list(reversed(sequence)) for sequence in sequences if sequence]
    events_in_order = []
    while left:
        sequence = left[chance.randrange(len(left))]
        events_in_order.append(sequence.pop())
        left = [each for each in left if each]
    return events_in_order


def a_year(chance: random.Random, budget: str, *, ends: bool = True) -> list[Json]:
    """A budget from its vote on; if it `ends`, now and then into the next year."""
    voted = [an_amount(cents, operation) for operation, cents in chance.choice(VOTES)]
    vote = a_vote(budget=budget, vote_level=chance.choice(LEVELS), appropriations=voted)
    sequences = []
    for number in range(1, chance.choice((1, 1, 1, 2, 3)) + 1):
        roll = chance.random()
        if roll < 0.15:
            cents = chance.randint(1_000, 300_000)
            sequences.append(list(a_good_grant(str(number), budget, cents)))
        elif roll < 0.45:
            sequences.append(chance.choice(SCENES)(str(number), budget))
        else:
            sequences.append(a_grant(chance, number, budget))
    sequences.append([beside_the_grants(chance, budget) for _ in range(chance.randint(0, 3))])
    events_in_order = woven(chance, sequences)
    events_in_order.insert(chance.randint(1, 6) if chance.random() < 0.25 else 0, vote)
    if ends and chance.random() < 0.4:
        events_in_order += _an_end(chance, budget, events_in_order)
    return events_in_order


def numbered(chance: random.Random, events: Sequence[Json]) -> list[Json]:
    """Each event its own id and time, as its sender gives them; then mischief."""
    events_in_order = []
    for number, event in enumerate(events):
        own = {"id": f"e{number}", "time": f"2023-06-01T12:{number // 60:02d}:{number % 60:02d}Z"}
        # A closing is later than its year; what is late of itself keeps its time.
        events_in_order.append(event | ({"id": own["id"]} if "2024-" in event["time"] else own))
    for event in [each for each in events_in_order if each["data"].get("convention") == NOBODYS]:
        named: Json = {
            "budget": event["partitionkey"],
            "event": {"source": event["source"], "id": event["id"]},
        }
        if chance.random() < 0.7:  # It has waited too long.
            events_in_order.append(a_deadline("parked", **named, _id="late"))
        if chance.random() < 0.5:
            events_in_order.append(a_withdrawn_event(**named))
    for _ in range(chance.choice((0, 0, 1, 2, 4))):
        origin, target = (
            chance.randrange(len(events_in_order)),
            chance.randrange(len(events_in_order) + 1),
        )
        match chance.randrange(5):
            case 0:
                events_in_order.insert(target, events_in_order[origin])  # a repeat
            case 1:
                events_in_order.insert(
                    target, events_in_order[origin] | {"subject": "other content"}
                )
            case 2:
                events_in_order.insert(
                    target % len(events_in_order), events_in_order.pop(origin)
                )  # out of place
            case 3:
                events_in_order[origin] = events_in_order[origin] | {
                    "id": f"again {origin}",
                    "correlationid": "c",
                }
            case _:
                events_in_order.insert(target, events_in_order[origin] | {"id": f"twice {origin}"})
    return events_in_order


def _is_first(order: str) -> bool:
    return not order.endswith("/2")


def _an_end(chance: random.Random, budget: str, history: Sequence[Json]) -> list[Json]:
    """What the treasury still says, the closing, what comes too late, and the next year."""
    known = known_in([encoded(each) for each in history])
    again = chance.random() < 0.2
    orders = {name: cents for name, cents in orders_of(known).items() if again or _is_first(name)}
    tidy = chance.random() < 0.8
    taken = [an_acknowledgement(order=each, budget=budget) for each in orders if tidy]
    names = sorted({each.name for each in known})
    wish = chance.choice(("all", "all", "none", [chance.choice([*names, "unknown"])]))
    late = [
        *treasury(orders, budget),
        *asked_back(known, budget),
        *reported(known, budget),
        a_vote(budget=budget),
    ]
    some = chance.sample(late, min(len(late), chance.randint(0, 6)))
    if chance.random() < 0.5:
        back: Json = {"budget": budget, "convention": chance.choice(names), "recovery": "late"}
        some[:0] = [a_recovery(1, **back), a_collection(1, **back)]
    closing = a_closing(wish, budget=budget)
    after = next_year(budget)
    pool = [
        *carried(known, after),
        *owed(known, after),
        *treasury(orders, after),
        *asked_back(known, after),
    ]
    later = chance.sample(pool, min(len(pool), chance.randint(0, 7)))
    early = same_names(known, after, chance.random()) if chance.random() < 0.3 else []
    if chance.random() < 0.4:
        later += owed(known, after)
        later.append(a_new_account(budget=after))
        later += [an_acknowledgement(order=each, budget=after) for each in orders]
        later.append(a_closing("all", budget=after))
        later += reported(known, after)
        later += owed(known, next_year(after))
    return [*early, *taken, closing, *some, *later]


def reported(known: Sequence[Known], budget: str) -> list[Json]:
    """What a closed year takes of the documents of its conventions, or says where it belongs."""
    due = "2024-06-30"
    return [
        event
        for name in sorted({each.name for each in known} | {"unknown"})
        for event in (
            a_report(budget=budget, convention=name),
            a_rejected_report(budget=budget, convention=name),
            a_report("certified_accounts", budget=budget, convention=name, eligible_cost_cents=1),
            a_deadline("report_due", budget=budget, convention=name, due_on=due),
        )
    ]
