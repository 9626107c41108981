"""Two towns in one read model, alike in all but their names: what each may not see of the other."""

import re
from typing import Final

from tests.api.environment import LILLE, ROUBAIX
from tests.builders import (
    OTHER_ESTABLISHMENT,
    OTHER_IBAN,
    Json,
    a_beneficiary,
    a_convention,
    a_payment,
    a_recovery,
    a_vote,
    an_acknowledgement,
    an_act,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events

LILLE_BUDGET: Final = f"{LILLE}-00-2023"
ROUBAIX_BUDGET: Final = f"{ROUBAIX}-00-2023"
CHOIR: Final = "Chorale de Roubaix"
GRANT, CONVENTION, REFUSED, WAITING = "R-CHORALE", "R-CONV", "R-payment-too-much", "R-waits"
ACT: Final = an_act(number="2023/40")
"""Both call an act so, and their votes by the same id."""

LAST_IN_LILLE: Final = "2023-06-01T12:00:00+02:00"
LAST_IN_ROUBAIX: Final = "2023-06-02T12:00:00+02:00"
FOREIGN: Final = (ROUBAIX, CHOIR, OTHER_ESTABLISHMENT, GRANT, CONVENTION, REFUSED, WAITING)
"""What only Roubaix has."""

VOTED, AWARDED = 7_654_321_000_000, 765_432_100_000
ADVANCE, PAID, REFUSED_CENTS = 76_543_210_000, 7_654_321_000, 765_432_100_000
RECOVERED: Final = 765_432_100
THEIR_MONEY: Final = re.compile(r"7[\s.,]?6[\s.,]?5[\s.,]?4[\s.,]?3")
"""Each amount of Roubaix, and what comes of adding some of Lille's to it, however it is spelled."""


def of_roubaix() -> list[Json]:
    """A year with every outcome: a payment refused, a convention that waited, one that waits;
    and the name of the choir spelled in two ways, which is flagged.
    """
    budget = ROUBAIX_BUDGET
    choir = a_beneficiary(name=CHOIR, siret=OTHER_ESTABLISHMENT)
    account = {"iban": OTHER_IBAN, "holder": CHOIR}
    signed = a_convention(
        grant=GRANT,
        convention=CONVENTION,
        beneficiary=choir | {"name": f"La {CHOIR}"},
        bank_account=account,
        budget=budget,
        instalments=[
            an_instalment(ADVANCE),
            an_instalment(AWARDED - ADVANCE, "balance", documents=[("activity_report", 2022)]),
        ],
        _id="R-signed",
    )
    award = an_award(
        AWARDED,
        grant=GRANT,
        title=f"Subvention à la {CHOIR}",
        beneficiary=choir,
        budget=budget,
        act=ACT,
        _id="R-award",
    )
    order = f"{CONVENTION}/advance"
    return [
        a_vote(VOTED, budget=budget, _id="vote"),
        signed,
        award,
        award,
        an_acknowledgement("taken_in_charge", order=order, budget=budget, _id="R-taken"),
        a_payment(PAID, order=order, budget=budget, _id="R-payment"),
        a_recovery(
            RECOVERED, convention=CONVENTION, budget=budget, on="2023-06-02", _id="R-recovery"
        ),
        a_payment(REFUSED_CENTS, order=order, budget=budget, _id=REFUSED),
        a_convention(
            convention="R-2", grant="R-UNKNOWN", budget=budget, _id=WAITING, _time=LAST_IN_ROUBAIX
        ),
    ]


def of_lille() -> list[Json]:
    """The same with fewer of each, under the names of the builders."""
    return [
        a_vote(_id="vote"),
        an_award(act=ACT),
        a_convention(instalments=[an_instalment(40_000), an_instalment(60_000, "balance")]),
        an_acknowledgement("taken_in_charge"),
        a_payment(10_000),
        a_payment(90_000, _id="too-much"),
        a_convention(convention="C2", grant="G2", _id="waits"),
    ]


def both() -> list[bytes]:
    """The journal of both, and of one record that nobody can read."""
    return journal_of_events([*map(encoded, of_roubaix()), b"{", *map(encoded, of_lille())])
