"""No answer has an IBAN whole, wherever somebody wrote one: in words, or in what they call it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.made import Made
from tests.api.reads.answers import BUDGET, get, items
from tests.api.reads.walking import OPEN, filled, get_routes, shown
from tests.builders import (
    IBAN,
    a_beneficiary,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_rejected_report,
    a_report,
    a_review,
    a_suspension,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events

GROUPED = " ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4))
NAME = f"Lille Avenirs {IBAN}"
DOCUMENTS = [("activity_report", 2022)]
ELSEWHERE = OPEN | {"/metrics", "/lag"}
"""Addresses that tell of no event; of the watch's words tests/api/test_lag.py asks."""


SETTLED = "/console/troubles/refused?settled=true"


def planted() -> list[Any]:
    """A year with the IBAN in everything that people write freely."""
    beneficiary = a_beneficiary(name=NAME, representative=f"M. {GROUPED}")
    account = {"iban": IBAN, "holder": f"Avenirs {GROUPED}"}
    return [
        a_vote(),
        an_award(title=f"Subvention {IBAN}", beneficiary=beneficiary),
        a_convention(
            beneficiary=beneficiary | {"name": f"LILLE  AVENIRS ({IBAN})"},
            signatory=f"Mme {GROUPED}",
            bank_account=account,
            instalments=[
                an_instalment(40_000),
                an_instalment(60_000, "balance", documents=DOCUMENTS),
            ],
        ),
        an_acknowledgement("on_hold", reason={"code": "09", "label": f"RIB {GROUPED} faux"}),
        a_report(),
        a_rejected_report(reason=f"Compte {IBAN}"),
        a_payment(40_000, bank_reference=f"VIR {IBAN}"),
        a_payment(40_001, _id="too-much"),
        a_suspension(reason=f"Attente de {GROUPED}"),
        a_new_account(),
        a_review(8, reviewed_by=f"Mme {GROUPED}", comment=f"Vu sur {IBAN}"),
        b"{",
    ]


VALUES = {
    "budget": [BUDGET],
    "sequence": [str(number) for number in range(1, 12)],
    "grant": ["G"],
    "payment_order": ["C/advance"],
    "event_id": ["too-much", "convention.signed/G/C"],
    "ref": ["C", "G", "C/advance"],
    "q": ["C", "G", "Subvention"],
    "file_format": ["csv", "xlsx"],
    "stage": ["available"],
}
CALLED = f"virement-{IBAN}-8"
"""What a bank's system calls an event, or what a clerk calls a grant."""

BANK = f"urn:bank:{IBAN}"
NAMED_SO = {
    "budget": [BUDGET],
    "sequence": [str(number) for number in range(1, 8)],
    "grant": [CALLED],
    "payment_order": [f"{CALLED}/{CALLED}"],
    "event_id": [CALLED, f"too-much-{CALLED}"],
    "ref": [CALLED, f"{CALLED}/{CALLED}", f"act-{CALLED}"],
    "q": [CALLED, f"{CALLED}/{CALLED}", f"too-much-{CALLED}", f"unknown-{CALLED}", "virement"],
    "file_format": ["csv", "xlsx"],
    "stage": ["available"],
}
WHOLE = re.compile(r"[\s\u00a0.-]*".join(IBAN[4:-4]))


def called_by_ibans() -> list[Any]:
    """A year in which senders call all that they name by an IBAN."""
    act = an_act(body=f"Conseil {IBAN}", number=f"act-{CALLED}")
    line = a_line(CALLED)
    amount = an_amount(100_000, line=line, services={CALLED: 100_000})
    order = f"{CALLED}/{CALLED}"
    return [
        a_vote(appropriations=[an_amount(100_000, line=line)], act=act, _source=BANK),
        an_award(grant=CALLED, act=act, lines=[amount]),
        a_convention(
            grant=CALLED,
            convention=CALLED,
            acts=[act],
            instalments=[an_instalment(100_000, CALLED, lines=[amount])],
        ),
        an_acknowledgement("on_hold", order, reason={"code": IBAN, "label": "faux"}),
        a_payment(40_000, order, _id=CALLED, _source=BANK),
        a_payment(99_000, order, _id=f"too-much-{CALLED}", _source=BANK),
        a_convention(grant=f"unknown-{CALLED}", convention="C2", _id=f"waits-{CALLED}"),
        a_vote(_id=f"unknown-member-{CALLED}", act=act | {IBAN: 1}),
    ]


def every_path(url: str, values: dict[str, list[str]]) -> list[str]:
    routes = [each for each in get_routes() if each.path not in ELSEWHERE]
    return [*(path for route in routes for path in filled(route, values)), SETTLED]


@pytest.mark.parametrize(
    ("events", "values"), [(planted, VALUES), (called_by_ibans, NAMED_SO)], ids=["words", "names"]
)
def test_no_answer_has_an_iban_whole(
    made: Made, events: Callable[[], list[Any]], values: dict[str, list[str]]
) -> None:
    url = made(journal_of_events(map(encoded, events())))
    paths = every_path(url, values)
    for language in ("fr", "en"):
        for answer in get(url, *paths, language=language):
            assert 200 == answer.status_code, (answer.url, answer.text)
            assert WHOLE.search(shown(answer)) is None, answer.url


def test_what_is_shortened_is_still_known_by_its_owner(made_in_files: Made) -> None:
    url = made_in_files(journal_of_events(map(encoded, planted())))
    (orders,) = get(url, "/payment-orders")
    assert "FR76…110" in orders.text
    assert "FR76…0110" in orders.text


def test_a_name_that_only_resembles_an_iban_stays_a_link(made: Made) -> None:
    alike = "CV2023ABCDEFGHIJKLMNOP"
    events = [
        a_vote(),
        an_award(grant=alike),
        a_convention(grant=alike, convention=f"C-{alike}"),
    ]
    url = made(journal_of_events(map(encoded, events)))
    (row,) = items(get(url, "/grants")[0])
    (grant,) = get(url, f"/budgets/{BUDGET}/grants/{row['grant']}")
    assert (200, alike) == (grant.status_code, row["grant"])
    (convention,) = grant.json()["conventions"]
    assert f"C-{alike}" == convention["convention"]


def test_pages_go_on_behind_a_name_that_is_shown_shortened(made: Made) -> None:
    names = [f"{IBAN}-{number}" for number in range(3)]
    awards = [an_award(10_000, grant=name) for name in names]
    url = made(journal_of_events(map(encoded, [a_vote(), *awards])))
    seen, path = [], "/grants?limit=1"
    while path:
        (page,) = get(url, path)
        seen += [row["grant"] for row in items(page)]
        assert len(seen) <= len(names)
        path = page.links["next"]["url"] if "next" in page.links else ""
    assert [f"FR76…0110-{number}" for number in range(3)] == seen
