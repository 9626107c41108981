"""No answer has an IBAN whole, wherever somebody wrote one."""

import re
from typing import Any

from tests.api.made import Made
from tests.api.reads.answers import BUDGET, get
from tests.builders import (
    IBAN,
    a_beneficiary,
    a_convention,
    a_new_account,
    a_payment,
    a_rejected_report,
    a_report,
    a_suspension,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events

GROUPED = " ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4))
NAME = f"Lille Avenirs {IBAN}"
DOCUMENTS = [("activity_report", 2022)]


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
        b"{",
    ]


def paths() -> list[str]:
    lists = (
        "/budgets",
        "/balances/beneficiaries",
        "/balances/beneficiaries?effective_on=2023-12-31",
        "/payment-orders",
        "/payment-orders/waiting",
        "/commitment-entries",
        "/grants",
        "/refusals",
        "/parked",
        "/dead-letters",
        "/review-flags",
        "/standing",
        "/trace/C",
        "/trace/G",
        "/trace/C%2Fadvance",
        "/events/too-much",
        "/events/convention.signed%2FG%2FC",
    )
    ones = (
        "/execution.csv",
        "/grants.csv",
        "/grants/G",
        "/payment-orders/C/advance",
        *(f"/journal/{sequence}" for sequence in range(1, 11)),
    )
    return [*lists, *(f"/budgets/{BUDGET}{each}" for each in ones)]


def test_no_answer_has_an_iban_whole(made: Made) -> None:
    url = made(journal_of_events(map(encoded, planted())))
    whole = re.compile(r"[\s\u00a0.-]*".join(IBAN[4:-4]))
    for language in ("fr", "en"):
        for answer in get(url, *paths(), language=language):
            assert 200 == answer.status_code, (answer.url, answer.text)
            assert whole.search(answer.text) is None, answer.url
    (orders,) = get(url, "/payment-orders")
    assert "FR76…110" in orders.text
    assert "FR76…0110" in orders.text
