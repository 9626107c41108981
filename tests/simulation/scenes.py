"""Short scenes of a grant's life that chance alone would play too seldom."""

from collections.abc import Callable, Iterator
from typing import Final

from tests.builders import (
    Json,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.property.histories import amounts, rest, total

ACTIVITY: Final = [("activity_report", 2022)]
CENTS: Final = 100_001
LARGE_CENTS: Final = 1_500_001
"""Two of these are more than a body may be given without a convention."""


def _awarded(number: str, budget: str) -> list[Json]:
    return [an_award(CENTS, budget=budget, grant=f"G{number}")]


def _signed(number: str, budget: str, *instalments: Json) -> Json:
    schedule = list(instalments) or [an_instalment(CENTS)]
    common: Json = {"budget": budget, "grant": f"G{number}", "convention": f"C{number}"}
    return a_convention(**common, instalments=schedule)


def a_good_grant(name: str, budget: str, cents: int) -> Iterator[Json]:
    """A grant as it should go, with a rejected order now and then."""
    convention = f"C{name}"
    common: Json = {"budget": budget, "convention": convention}
    given = (("489", cents, {"EMPLOI": cents // 3, "JEUNESSE": cents - cents // 3}),)
    advance = an_instalment(lines=amounts(given, 1, 2))
    balance = an_instalment(name="balance", documents=ACTIVITY, ceiling=True, lines=rest(given))
    half = total(advance)
    yield an_award(budget=budget, grant=f"G{name}", lines=amounts(given))
    yield a_concurring_act(budget=budget, grant=f"G{name}")
    yield a_convention(**common, grant=f"G{name}", instalments=[advance, balance])
    yield a_notification(**common)
    order = f"{convention}/advance"
    yield an_acknowledgement(order=order, budget=budget)
    yield a_payment(half // 3, order, budget=budget)
    if cents % 5 == 0:
        yield an_acknowledgement("rejected", order, budget=budget)
        yield a_new_account(budget=budget)
        order += "/2"
    yield a_payment(half - half // 3, order, budget=budget)
    yield a_report(**common, eligible_cost_cents=cents - 7)
    yield an_acknowledgement(order=f"{convention}/balance", budget=budget)
    yield a_payment(cents - 7 - half, f"{convention}/balance", budget=budget)


def paid_back(number: str, budget: str) -> list[Json]:
    """Paid in full; then a part is asked back, and comes in the same year and in the next."""
    common: Json = {"budget": budget, "convention": f"C{number}"}
    return [
        *_awarded(number, budget),
        _signed(number, budget),
        a_payment(CENTS, f"C{number}/advance", budget=budget),
        a_collection(500, **common),
        a_recovery(1_000, **common),
        a_collection(333, **common, _id="later"),
        a_collection(100, **common, on="2024-02-01"),
    ]


def suspended(number: str, budget: str) -> list[Json]:
    """The report comes while all is suspended; the order is issued when it is resumed."""
    common: Json = {"budget": budget, "convention": f"C{number}"}
    return [
        *_awarded(number, budget),
        _signed(number, budget, an_instalment(CENTS, documents=ACTIVITY)),
        a_suspension(**common),
        a_report(**common),
        a_resumption(**common),
        a_deadline(budget=budget, payment_order=f"C{number}/advance"),
        a_rejected_report(**common),
    ]


def withdrawn(number: str, budget: str) -> list[Json]:
    """A concurring act falls, then the award, when something has been paid."""
    common: Json = {"budget": budget, "grant": f"G{number}"}
    order = f"C{number}/advance"
    return [
        *_awarded(number, budget),
        a_concurring_act(**common),
        _signed(number, budget),
        an_acknowledgement("on_hold", order, budget=budget),
        a_payment(7, order, budget=budget),
        a_withdrawal(**common, act=an_act("2023-04-13")),
        a_withdrawal(**common),
        an_amendment(7, budget=budget, convention=f"C{number}"),
    ]


def above_the_limit(number: str, budget: str) -> list[Json]:
    """A grant without convention is held back because another took their sum above the limit."""
    common: Json = {"budget": budget, "requires_convention": False}
    later = an_instalment(LARGE_CENTS, documents=ACTIVITY)
    first = an_award(LARGE_CENTS, **common, grant=f"G{number}", instalments=[later])
    return [
        a_new_account(budget=budget),
        first,
        an_award(LARGE_CENTS, budget=budget, grant=f"G{number}b"),
        an_award(LARGE_CENTS, **common, grant=f"G{number}c"),
        a_report(budget=budget, convention=f"G{number}"),
    ]


def for_the_rest(number: str, budget: str) -> list[Json]:
    """A convention is signed for what is held back; the grant's order fails, and is issued again.

    Money of both comes back, in one sum. What was asked back of the grant goes over to the
    convention, wakes what came under its number, and may still be named by the grant.
    """
    common: Json = {"budget": budget, "convention": f"C{number}"}
    first = an_instalment(LARGE_CENTS - CENTS, "1")
    alone = an_award(
        budget=budget,
        grant=f"G{number}",
        requires_convention=False,
        lines=[an_amount(LARGE_CENTS)],
        instalments=[first, an_instalment(CENTS, "2", documents=ACTIVITY)],
    )
    own = an_instalment(CENTS, "1", documents=ACTIVITY)
    of_grant: Json = {"budget": budget, "convention": f"G{number}", "recovery": "S"}
    return [
        a_new_account(budget=budget),
        alone,
        an_award(LARGE_CENTS, budget=budget, grant=f"G{number}b"),
        a_payment(333, f"G{number}/1", budget=budget),
        a_collection(11, **common, recovery="S"),
        a_recovery(111, **of_grant),
        _signed(number, budget, own),
        a_collection(33, **of_grant, _id="by the grant"),
        an_acknowledgement("rejected", f"G{number}/1", budget=budget),
        a_report(**common),
        a_payment(CENTS, f"C{number}/1", budget=budget),
        a_recovery(1_000, **common),
        a_collection(1_000, **common),
    ]


def asked_back_by_line(number: str, budget: str) -> list[Json]:
    """Two lines are paid in full; recoveries by line and in one sum bind each other.

    One number names a line and is then raised by a sum; what is too much on a line is refused.
    """
    common: Json = {"budget": budget, "convention": f"C{number}"}
    lines = [an_amount(600), an_amount(400, "490")]
    by_line: Json = common | {"recovery": "L"}
    return [
        an_award(budget=budget, grant=f"G{number}", lines=lines),
        _signed(number, budget, an_instalment(lines=lines)),
        a_payment(1_000, f"C{number}/advance", budget=budget),
        a_recovery(lines=[an_amount(300, "490")], **by_line),
        a_recovery(450, **common),
        a_recovery(lines=[an_amount(101, "490")], **by_line, _id="too much"),
        a_recovery(100, **by_line, _id="more"),
        a_collection(350, **by_line),
        a_collection(lines=[an_amount(333, "490")], **common),
        a_collection(lines=[an_amount(67, "490")], **common, _id="all of the line"),
        a_collection(51, **common, on="2024-02-01", _id="revenue"),
        a_collection(50, **by_line, _id="the rest"),
        a_collection(299, **common, _id="too late"),
    ]


def settled_at_nothing(number: str, budget: str) -> list[Json]:
    """Accounts that prove nothing settle an instalment; they are rejected, and owed once more.

    The rest waits: it may go on into the next year, and with it what was settled and rejected.
    """
    common: Json = {"budget": budget, "convention": f"C{number}"}
    half = CENTS // 2
    settled = an_instalment(CENTS - half, "settled", documents=ACTIVITY, ceiling=True)
    return [
        *_awarded(number, budget),
        _signed(number, budget, an_instalment(half, trigger="notification"), settled),
        a_report(**common, eligible_cost_cents=0),
        a_rejected_report(**common),
        a_deadline("report_due", **common),
    ]


def planned_anew(number: str, budget: str) -> list[Json]:
    """An order fails when a part of it is paid; an amendment plans its instalment anew."""
    common: Json = {"budget": budget, "convention": f"C{number}"}
    order = f"C{number}/advance"
    both = [*ACTIVITY, ("certified_accounts", 2022)]
    return [
        *_awarded(number, budget),
        _signed(number, budget, an_instalment(CENTS, documents=ACTIVITY)),
        a_report(**common),
        a_payment(333, order, budget=budget),
        an_acknowledgement("rejected", order, budget=budget),
        an_amendment(**common, instalments=[an_instalment(CENTS - 333, documents=both)]),
        a_rejected_report(**common),
    ]


def failed_for_the_rest(number: str, budget: str) -> list[Json]:
    """A convention is signed for what is held back; the grant's order fails, paid in part.

    An amendment plans its rest anew: no instalment bears the grant's name any more.
    """
    order = f"G{number}/1"
    first = an_instalment(LARGE_CENTS - CENTS, "1", documents=ACTIVITY)
    rest = an_instalment(CENTS, "2", trigger="notification")
    anew = an_instalment(LARGE_CENTS - 333, "1", trigger="notification")
    alone: Json = {"grant": f"G{number}", "requires_convention": False}
    return [
        a_new_account(budget=budget),
        an_award(LARGE_CENTS, budget=budget, **alone, instalments=[first, rest]),
        a_report(budget=budget, convention=f"G{number}"),
        an_award(LARGE_CENTS, budget=budget, grant=f"G{number}b"),
        a_payment(333, order, budget=budget),
        _signed(number, budget, rest),
        an_acknowledgement("rejected", order, budget=budget),
        an_amendment(budget=budget, convention=f"C{number}", instalments=[anew]),
    ]


def below_what_was_paid(number: str, budget: str) -> list[Json]:
    """Eligible costs turn out to be lower than the advance."""
    common: Json = {"budget": budget, "convention": f"C{number}"}
    half, rest = CENTS // 2, CENTS - CENTS // 2
    balance = an_instalment(rest, "balance", documents=ACTIVITY, ceiling=True)
    return [
        *_awarded(number, budget),
        _signed(number, budget, an_instalment(half), balance),
        a_payment(half, f"C{number}/advance", budget=budget),
        a_report(**common, eligible_cost_cents=1_000),
    ]


def capped(number: str, budget: str) -> list[Json]:
    """Costs are lower than the grant: the balance is shared over three lines and two services."""
    common: Json = {"budget": budget, "convention": f"C{number}"}
    services = {"EMPLOI": 1_000, "JEUNESSE": 2_333}
    lines = [
        an_amount(3_333, services=services),
        an_amount(667, "490"),
        an_amount(1_001, None),
    ]
    whole = an_instalment(documents=ACTIVITY, ceiling=True, lines=lines)
    return [
        an_award(budget=budget, grant=f"G{number}", lines=lines),
        _signed(number, budget, whole),
        a_report(**common, eligible_cost_cents=2_999),
        a_payment(1_000, f"C{number}/advance", budget=budget),
    ]


def on_one_line(number: str, budget: str) -> list[Json]:
    """An order fails and is issued again to another account; a line of its own pays."""
    order = f"C{number}/advance"
    return [
        an_award(budget=budget, grant=f"G{number}", lines=[an_amount(333, "490")]),
        _signed(number, budget, an_instalment(lines=[an_amount(333, "490")])),
        an_acknowledgement("rejected", order, budget=budget),
        a_new_account(budget=budget),
        a_payment(333, f"{order}/2", budget=budget),
    ]


SCENES: Final[tuple[Callable[[str, str], list[Json]], ...]] = (
    paid_back,
    suspended,
    withdrawn,
    above_the_limit,
    for_the_rest,
    asked_back_by_line,
    settled_at_nothing,
    planned_anew,
    failed_for_the_rest,
    below_what_was_paid,
    capped,
    on_one_line,
)
