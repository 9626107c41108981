"""The page of a beneficiary: grants by year, orders, documents owed, bank details masked."""

import csv
import re
from html import unescape
from typing import Final

from tests.api.environment import LILLE_KEY
from tests.api.made import Made
from tests.api.queries.asked import CARRIED
from tests.api.reads.answers import ROUBAIX_KEY, YEAR, get
from tests.api.reads.two_entities import CHOIR, both
from tests.builders import (
    BUDGET,
    IBAN,
    NEXT_BUDGET,
    OTHER_ESTABLISHMENT,
    OTHER_IBAN,
    SIRET,
    a_closing,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_rejected_report,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of, journal_of_events

PAGE: Final = {"accept": "text/html"}
BENEFICIARY: Final = f"/console/beneficiaries/{SIRET}"


def page(url: str, path: str = BENEFICIARY, language: str = "en") -> str:
    (answer,) = get(url, path, headers=PAGE, language=language)
    assert 200 == answer.status_code
    return unescape(answer.text)


def part(text: str, name: str) -> str:
    """One section of a page."""
    return text.partition(f'data-live="{name}"')[2].partition("</section>")[0]


def test_the_grants_of_each_year_and_their_orders(made: Made) -> None:
    text = page(made(journal_of(*CARRIED)))
    assert "<h1>Lille Avenirs</h1>" in text
    assert "378\u00a0877\u00a0708\u00a000040" in text
    given = part(text, "grants")
    assert given.index("Grants of 2024") < given.index("Grants of 2023")
    assert 2 == given.count(">LILLE-AVENIRS-2023</a>")
    assert "€2,263,600.00" in given
    of_2024 = given.partition("Grants of 2023")[0]
    for cell in ('data-name="Awarded">€0.00', 'data-name="Carried in">€1,131,800.00'):
        assert 2 == of_2024.count(cell), "carried over and not awarded, and so in all"
    assert "/console/orders/" in part(text, "orders")


def test_documents_are_owed_until_they_come_and_again_when_rejected(made: Made) -> None:
    planned = [
        an_instalment(40_000),
        an_instalment(60_000, "balance", documents=[("activity_report", 2022)]),
    ]
    owed = [{"kind": "financial_report", "year": 2022, "due_on": "2023-05-31"}]
    events = [a_vote(), an_award(), a_convention(instalments=planned, obligations=owed)]
    url = made(journal_of_events(map(encoded, events)))
    text = part(page(url, language="fr"), "owed")
    assert "rapport d'activité 2022" in text
    assert "en retard" in text  # It is 1 June.
    events += [a_report(), a_report("financial_report")]
    assert "No document is owed." in part(
        page(made(journal_of_events(map(encoded, events)))), "owed"
    )


def test_a_document_that_the_year_before_rejected_is_owed_as_rejected_without_its_reason(
    made: Made,
) -> None:
    kinds = ("activity_report", "evaluation")
    waiting = an_instalment(100_000, documents=[(each, 2022) for each in kinds])
    year = [a_vote(), an_award(), a_convention(instalments=[waiting]), a_report()]
    events = [*year, a_rejected_report(), a_closing("all")]
    url = made(journal_of_events(map(encoded, events)))
    for text in (
        part(page(url), "owed"),
        page(url, f"/console/grants/{NEXT_BUDGET}/G"),
    ):
        assert re.search(r">\s*rejected\s*</span>", text)
        assert "rejected: " not in text


OWED = [
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
OF_TWO_YEARS = [
    a_vote(),
    an_award(100),
    a_convention(100, obligations=OWED),
    a_payment(100),
    an_award(100, grant="G2", _id="second"),
    a_convention(
        grant="G2",
        convention="C2",
        obligations=OWED,
        instalments=[an_instalment(100, trigger="notification")],
    ),
    a_closing(["C2"], _time="2024-01-31T12:00:00+01:00"),
]
"""C is paid and stays in its closed year; C2 goes on in the next one."""


def test_a_closed_year_owes_its_documents_and_what_goes_on_owes_them_where_it_goes_on(
    made: Made,
) -> None:
    url = made(journal_of_events(map(encoded, OF_TWO_YEARS)))
    owed = part(page(url), "owed")
    links = re.findall(r'grants/[0-9]{14}-00-([0-9]{4}/G2?)"', owed)
    assert ["2023/G", "2023/G", "2024/G2", "2024/G2"] == sorted(links)
    stays, goes_on = (page(url, f"/console/grants/{BUDGET}/{grant}") for grant in ("G", "G2"))
    assert f"/console/send/document/{BUDGET}/C?kind=financial_report" in stays
    assert "/console/send/document/" not in goes_on, "the ledger would refuse it"
    assert f'href="/console/grants/{NEXT_BUDGET}/G2">Convention C2 goes on in budget' in goes_on
    assert f"owed in budget {NEXT_BUDGET}" in part(goes_on, "documents")
    there = page(url, f"/console/grants/{NEXT_BUDGET}/G2")
    assert f"/console/send/document/{NEXT_BUDGET}/C2?kind=financial_report" in there


def test_the_sheet_of_flags_says_who_owes_what_since_when(made_in_files: Made) -> None:
    events = [*OF_TWO_YEARS, a_deadline("report_due", due_on="2024-06-30")]
    url = made_in_files(journal_of_events(map(encoded, events)))
    (sheet,) = get(url, "/review-flags.csv?code=report_late", language="en")
    (found,) = csv.DictReader(sheet.text.splitlines()[-2:])
    expected = {
        "beneficiary": "Lille Avenirs",
        "document": "financial report",
        "document year": "2023",
        "due on": "2024-06-30",
    }
    assert expected.items() <= found.items()


def test_without_a_day_a_document_is_late_six_months_after_its_year(made: Made) -> None:
    planned = [an_instalment(100, documents=[("activity_report", 2021)])]
    events = [a_vote(), an_award(100), a_convention(instalments=planned)]
    url = made(journal_of_events(map(encoded, events)))
    assert "late" in part(page(url), "owed")  # It is 1 June 2023.
    assert "2022" in part(page(url, f"/console/grants/{BUDGET}/G"), "documents")


def test_bank_details_are_masked_and_each_change_is_there_once(made: Made) -> None:
    again = a_convention(convention="C2", grant="G2", _id="again", amount_cents=1_000)
    events = [
        a_vote(),
        an_award(50_000),
        a_convention(50_000),
        an_award(1_000, grant="G2", _id="second"),
        again | {"data": again["data"] | {"signed_on": "2023-05-20"}},
        a_new_account(effective_on="2023-06-15"),
    ]
    url = made(journal_of_events(map(encoded, events)))
    text = page(url)
    assert IBAN not in text
    assert OTHER_IBAN not in text
    accounts = part(text, "accounts")
    assert 2 == accounts.count("FR76…")
    assert accounts.index("15 June 2023") < accounts.index(f"{IBAN[:4]}…{IBAN[-3:]}")


def test_grants_and_orders_lead_to_it(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    budget = "21590350100017-00-2023"
    for path in (
        f"/console/grants/{budget}/LILLE-AVENIRS-2023",
        f"/console/orders/{budget}/CONV-2023-LILLE-AVENIRS/avance",
    ):
        assert f'href="{BENEFICIARY}"' in page(url, path)


def test_who_may_not_see_its_entity_finds_nobody(made: Made) -> None:
    url = made(both())
    theirs = f"/console/beneficiaries/{OTHER_ESTABLISHMENT}"
    (own,) = get(url, theirs, key=ROUBAIX_KEY, headers=PAGE)
    assert (200, True) == (own.status_code, CHOIR in own.text)
    answers = get(url, theirs, "/console/beneficiaries/13001653800014", key=LILLE_KEY, headers=PAGE)
    assert [404, 404] == [each.status_code for each in answers]
    (mine,) = get(url, BENEFICIARY, key=ROUBAIX_KEY, headers=PAGE)
    assert 404 == mine.status_code


def test_a_grant_that_lapsed_waits_for_no_convention(made_in_files: Made) -> None:
    events = [a_vote(), an_award(), a_closing()]
    url = made_in_files(journal_of_events(map(encoded, events)))
    shown = page(url, f"/console/grants/{BUDGET}/G")
    assert "No convention was signed." in part(shown, "schedule")
