"""What holds for money that comes back, whatever became of the orders that had paid it."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import RECOVER
from tests.builders import (
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_payment,
    a_recovery,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.property.checker import proved
from tests.property.reach import reached_by

OPERATIONS = ("489", "490", "1978")


@st.composite
def paid_conventions(draw: st.DrawFn) -> tuple[list[str], list[Json]]:
    """Lines in the order in which a convention names them, and how its orders were paid.

    An order is paid in part or in full, and may be rejected and issued again.
    """
    order: dict[str, None] = {}
    schedule, whole = [], dict.fromkeys(OPERATIONS, 0)
    for name in ("first", "second"):
        lines = draw(st.permutations(OPERATIONS))[: draw(st.integers(1, 3))]
        cents = [draw(st.integers(1, 900)) for _ in lines]
        order |= dict.fromkeys(lines)
        for line, each in zip(lines, cents, strict=True):
            whole[line] += each
        amounts = [an_amount(each, line) for line, each in zip(lines, cents, strict=True)]
        schedule.append((an_instalment(name=name, lines=amounts), sum(cents)))
    amounts = [an_amount(cents, line) for line, cents in whole.items() if cents]
    events = [
        a_vote(appropriations=amounts),
        an_award(lines=amounts),
        a_convention(instalments=[each for each, _ in schedule]),
    ]
    for number, (instalment, total) in enumerate(schedule):
        name, paid = f"C/{instalment['instalment']}", draw(st.integers(0, total))
        if paid:
            events.append(a_payment(paid, name))
        if paid < total and draw(st.booleans()):
            events.append(an_acknowledgement("rejected", name))
            if draw(st.booleans()):
                events.append(a_new_account(_id=f"new/{number}"))
                events.append(a_payment(draw(st.integers(1, total - paid)), f"{name}/2"))
    return list(order), events


@given(paid_conventions(), st.integers(0, 100))
def test_rule_27_the_order_in_which_lines_give_back_does_not_depend_on_rejections(
    paid: tuple[list[str], list[Json]], share: int
) -> None:
    order, events = paid
    scenario = Scenario(*events)
    rows = scenario.summary()["conventions"]
    left = {row["line"]["operation"]: row["paid_cents"] for row in rows}
    cents = sum(left.values()) * share // 100
    if cents == 0:
        return
    scenario.tell(a_recovery(cents))
    scenario.tell(a_collection(cents))
    expected = []
    for line in order:
        back = min(cents, left[line])
        if back:
            expected.append((line, back))
        cents -= back
    moves = [each for each in scenario.last.moves if each.kind is RECOVER]
    assert expected == [(each.line.operation, each.amount_cents) for each in moves]
    proved((row.budget, row.sequence, row.record) for row in scenario.store.journal())


class Room:
    """What may be asked back and where it comes back, counted from the words of rule 27 alone."""

    def __init__(self, paid: dict[str, int]) -> None:
        self.stays = paid
        """Paid and not come back, by line, in the order of the schedule."""
        self.ordered: Counter[str] = Counter()
        self.awaited: Counter[str] = Counter()
        self.named: Counter[tuple[str, str]] = Counter()
        """By recovery and line: what named it, less what came back on it."""

    def held(self, line: str, beside: str | None = None) -> int:
        """What recoveries wait for on a line."""
        return sum(
            max(0, min(self.named[recovery, line], self.awaited[recovery]))
            for recovery in self.ordered
            if recovery != beside
        )

    def order(self, recovery: str, asked: dict[str, int], cents: int) -> bool:
        """Ask a sum back, of lines or in one sum; False where it exceeds."""
        room = sum(self.stays.values()) - sum(self.awaited.values())
        beyond = [line for line in asked if asked[line] > self.stays[line] - self.held(line)]
        if cents > room or beyond:
            return False
        self.ordered[recovery] += cents
        self.awaited[recovery] += cents
        for line, each in asked.items():
            self.named[recovery, line] += each
        return True

    def collect(self, recovery: str, came: dict[str, int], cents: int) -> bool:
        """A sum comes back, on lines or in one sum; False where it exceeds."""
        if cents > self.awaited[recovery] or any(came[line] > self.stays[line] for line in came):
            return False
        if not came:
            came = self._spread(recovery, cents)
        for line, each in came.items():
            self.stays[line] -= each
            self.named[recovery, line] -= each
        self.awaited[recovery] -= cents
        return True

    def _spread(self, recovery: str, cents: int) -> dict[str, int]:
        came = dict.fromkeys(self.stays, 0)
        for step in range(3):
            for line, stays in self.stays.items():
                left = stays - came[line]
                limit = (
                    min(self.named[recovery, line], left),
                    left - self.held(line, beside=recovery),
                    left,
                )[step]
                each = max(0, min(limit, cents))
                came[line] += each
                cents -= each
        return came


acts = st.tuples(
    st.sampled_from(("ordered", "ordered", "collected", "collected", "revenue", "closed")),
    st.sampled_from("RST"),
    st.dictionaries(st.sampled_from(OPERATIONS), st.integers(1, 60), max_size=3),
    st.integers(1, 90),
)


def recovered(scenario: Scenario, room: Room, drawn: list[tuple[str, str, Json, int]]) -> set[str]:
    """Tell of these recoveries, hold each against the room; what happened, in words."""
    seen = set()
    for number, (what, recovery, lines, in_one_sum) in enumerate(drawn):
        if what == "closed":
            if not scenario.book.closed and number > len(drawn) // 2:
                scenario.tell(a_closing("none"))
                seen.add(f"closed {scenario.answer()}")
            continue
        ordered = what == "ordered"
        if not ordered and recovery not in room.ordered:
            continue
        said = {"lines": [an_amount(each, line) for line, each in lines.items()]} if lines else {}
        cents = sum(lines.values()) or in_one_sum
        named: Json = {"recovery": recovery, "_id": f"r{number}", **said}
        if what == "revenue":
            named["on"] = "2024-02-01"
        scenario.tell((a_recovery if ordered else a_collection)(cents, **named))
        fits = (room.order if ordered else room.collect)(recovery, lines, cents)
        assert ("accepted" if fits else "recovery_exceeds") == scenario.answer()
        convention = scenario.book.conventions["C"]
        paid = {line.operation: each for line, each in _paid(convention).items()}
        assert {line: each for line, each in room.stays.items() if each} == paid
        seen.add(f"{what} {'by line' if lines else 'in one sum'} {scenario.answer()}")
    return seen


def _paid(convention: Convention) -> dict[Line, int]:
    lines = [money.line for money in convention.lines]
    return {line: cents for line, cents in convention.sum_paid_by_line(lines).items() if cents}


def run_recoveries(drawn: list[tuple[str, str, Json, int]]) -> set[str]:
    """A convention of three lines, all paid, and these recoveries of it."""
    lines = [an_amount(60, "490"), an_amount(50), an_amount(40, "1978")]
    scenario = Scenario(
        a_vote(appropriations=lines),
        an_award(lines=lines),
        a_convention(instalments=[an_instalment(lines=lines)]),
        an_acknowledgement(),
        a_payment(150),
    )
    seen = recovered(scenario, Room({"490": 60, "489": 50, "1978": 40}), drawn)
    proved((row.budget, row.sequence, row.record) for row in scenario.store.journal())
    return seen


histories_of_recoveries = st.lists(acts, min_size=4, max_size=14)


@given(histories_of_recoveries)
def test_rule_27_recoveries_by_line_and_in_one_sum_are_as_its_words_count_them(
    drawn: list[tuple[str, str, Json, int]],
) -> None:
    run_recoveries(drawn)


@pytest.mark.rest
def test_the_recoveries_reach_what_this_property_is_about() -> None:
    seen = reached_by(histories_of_recoveries, 200, run_recoveries)
    ways = product(
        ("ordered", "collected", "revenue"),
        ("by line", "in one sum"),
        ("accepted", "recovery_exceeds"),
    )
    assert set() == {*(" ".join(each) for each in ways), "closed accepted"} - set(seen)
