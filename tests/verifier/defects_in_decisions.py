"""Ledgers that forget a rule: what they decide, and what the verifier must find in it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from services.ledger.domain import decide
from services.ledger.domain.model.answers import Refusal
from services.ledger.domain.model.verdicts import Accepted, Refused, find_convention
from services.ledger.domain.rules import (
    amendments,
    budgets,
    conventions,
    deliberations,
    fiscal_years,
    payments,
)
from tests.builders import (
    OTHER_BODY,
    Json,
    a_beneficiary,
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)

AT_NOTIFICATION = an_instalment(300, "later", trigger="notification")
SIGNED = [
    a_vote(2_000),
    an_award(1_000),
    a_convention(instalments=[an_instalment(300), AT_NOTIFICATION]),
]
"""Of a grant of 1,000 cents 300 are ordered, 300 wait to be notified, 400 are reserved."""


class RuleLeftOut(NamedTuple):
    """A rule switched off: in which module what stands in whose place; events, and the codes."""

    defect: str
    where: Any
    name: str
    instead: Any
    events: list[Json]
    found: str


def accepts(*_: Any) -> Accepted:
    return Accepted()


def refuses_nothing(*_: Any) -> None:
    return None


def refuses(code: str, **facts: Any) -> Callable[..., Refused]:
    return lambda *_: Refused(Refusal(code), facts)


def amended(*instalments: Json, **more: Any) -> Json:
    return an_amendment(instalments=list(instalments), **more)


ACCEPTED = [
    RuleLeftOut(
        "suspended twice",
        *(conventions, "suspend", accepts),
        [*SIGNED, a_suspension(), a_suspension(_id="again")],
        "not_refused",
    ),
    RuleLeftOut(
        "resumed though it was not suspended",
        *(conventions, "resume", accepts),
        [*SIGNED, a_resumption()],
        "not_refused",
    ),
    RuleLeftOut(
        "notified after its termination",
        *(conventions, "find_unended", find_convention),
        [*SIGNED, a_termination(), a_notification()],
        "not_refused",
    ),
    RuleLeftOut(
        "amended after its termination",
        *(amendments, "find_unended", find_convention),
        [*SIGNED, a_termination(), amended(an_instalment(1, "x"), act=an_act("2023-09-01"))],
        "not_refused",
    ),
    RuleLeftOut(
        "amended beyond the award without an act",
        *(amendments, "_amendment_refused", refuses_nothing),
        [*SIGNED, amended(an_instalment(701, "later", trigger="notification"))],
        "not_refused",
    ),
    RuleLeftOut(
        "amended beyond the award by the act that awarded it",
        *(amendments, "_decides_anew", lambda *_: True),
        [*SIGNED, amended(an_instalment(701, "later", trigger="notification"), act=an_act())],
        "not_refused",
    ),
    RuleLeftOut(
        "an instalment that is ordered is planned anew",
        *(amendments, "_amendment_refused", refuses_nothing),
        [*SIGNED, amended(an_instalment(100))],
        "not_refused number_twice message_missing message_twice sums_differ",
    ),
    RuleLeftOut(
        "a single grant of 24,000 €",
        *(deliberations, "_alone_refused", refuses_nothing),
        [a_vote(9_000_000), an_award(2_400_000, requires_convention=False)],
        "not_refused",
    ),
    RuleLeftOut(
        "more is asked back than was paid",
        *(payments, "_exceeds", refuses_nothing),
        [*SIGNED, a_recovery(100)],
        "not_refused",
    ),
    RuleLeftOut(
        "more comes back than was asked",
        *(payments, "_exceeds", refuses_nothing),
        [*SIGNED, a_payment(300), a_recovery(100), a_collection(200)],
        "not_refused below_zero",
    ),
    RuleLeftOut(
        "a convention with another body than the award's",
        *(conventions, "SIREN_DIGITS", 0),
        [*SIGNED, a_convention(1, convention="D", beneficiary=a_beneficiary(siret=OTHER_BODY))],
        "not_refused",
    ),
    RuleLeftOut(
        "more than a thousand wait",
        *(decide, "PARKED_MAX", 2_000),
        [a_notification(_id=str(number)) for number in range(1_001)],
        "not_refused",
    ),
]
"""Events that the rules refuse, and that such a ledger accepts or parks."""

NO_CREDIT = {
    "level": "chapter",
    "group": "65",
    "available_cents": 0,
    "asked_cents": 1,
    "shortfall_cents": 1,
}
ORDER = {"payment_order": "C/advance"}
OVERPAID = {**ORDER, "amount_cents": 300, "paid_cents": 0, "asked_cents": 301}
BELOW = {"convention": "C", "instalment": "later", "remaining_cents": 0, "asked_cents": 300}
ENDED = {"convention": "C"}


class Unfounded(NamedTuple):
    """A refusal without cause: what is refused, by which rule, and for what."""

    what: str
    event: Json
    where: Any
    name: str
    code: str
    facts: Json


UNFOUNDED = [
    Unfounded(
        "a new account",
        a_new_account(),
        payments,
        "change_account",
        "insufficient_credit",
        NO_CREDIT,
    ),
    Unfounded(
        "a convention in force",
        a_notification(),
        conventions,
        "notify",
        "convention_terminated",
        ENDED,
    ),
    Unfounded(
        "a first suspension",
        a_suspension(),
        conventions,
        "suspend",
        "wrong_state",
        ENDED | {"state": "suspended"},
    ),
    Unfounded(
        "the payment of an open order",
        a_payment(300),
        payments,
        "pay",
        "payment_order_closed",
        ORDER | {"state": "paid"},
    ),
    Unfounded("a payment of all", a_payment(300), payments, "pay", "overpayment", OVERPAID),
    Unfounded(
        "a payment of our order", a_payment(300), payments, "pay", "unknown_payment_order", ORDER
    ),
    Unfounded(
        "an award that stands",
        a_withdrawal(),
        amendments,
        "withdraw",
        "grant_withdrawn",
        {"grant": "G"},
    ),
    Unfounded("what remains", a_reduction(300), amendments, "reduce", "below_ordered", BELOW),
    Unfounded(
        "an amendment that takes no credit",
        amended(an_instalment(301, "later", trigger="notification")),
        amendments,
        "amend",
        "insufficient_credit",
        NO_CREDIT,
    ),
    Unfounded(
        "a year without such a convention",
        a_closing(),
        fiscal_years,
        "close",
        "unknown_convention",
        ENDED,
    ),
    Unfounded(
        "a cent too much, by the figures of another order",
        a_payment(301),
        payments,
        "pay",
        "overpayment",
        OVERPAID | {"amount_cents": 299},
    ),
    Unfounded(
        "a cent too much, of an open order",
        a_payment(301),
        payments,
        "pay",
        "payment_order_closed",
        ORDER | {"state": "paid"},
    ),
]

REFUSED = [
    *(
        RuleLeftOut(
            f"{each.what} is refused {each.code}",
            *(each.where, each.name, refuses(each.code, **each.facts)),
            [*SIGNED, each.event],
            "refused_otherwise",
        )
        for each in UNFOUNDED
    ),
    RuleLeftOut(
        "an award within its credit is refused",
        *(budgets, "find_shortfall", lambda *_: NO_CREDIT),
        [*SIGNED, an_award(1, grant="H")],
        "refused_otherwise",
    ),
    RuleLeftOut(
        "there is room for what waits, and it is refused",
        *(decide, "PARKED_MAX", 0),
        [a_notification()],
        "refused_otherwise",
    ),
]
"""Events that the rules do not refuse, or refuse for something else."""
