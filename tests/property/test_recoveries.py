"""What holds for money that comes back, whatever became of the orders that had paid it."""

from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.model.moves import RECOVER
from tests.builders import (
    Json,
    Scenario,
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
