"""Questions of a finance officer, asked on the console in French: four clicks, right to the cent.

The truth of each is added up from the events that the city's diary says are taken.
"""

import csv
import io
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Final

import pytest

from tests.api.lists.loaded import an_app_of, city_journal
from tests.api.made import Made
from tests.api.questions.visitor import CLICKS_MAX, Visitor
from tests.builders import Json
from tests.city.city import ACCEPTED, TODAY, YEARS, City
from tests.city.three_years import a_city

MONTHS: Final = ("04", "06", "07", "11")
"""Months in which the city signs more or less."""


@pytest.fixture
def visitor(made_in_files: Made) -> Visitor:
    return Visitor(an_app_of(made_in_files(city_journal())))


@cache
def the_city() -> City:
    return a_city()


def taken(kind: str) -> Iterator[Json]:
    """What events of a type say, where the ledger takes them."""
    for each in the_city().said:
        if each.outcome != ACCEPTED or not isinstance(each.event, dict):
            continue
        if each.event["type"] == f"ecluse.{kind}.v1":
            yield each.event["data"]


def cents(shown: str) -> int:
    """The cents of `1 234,56 €`, read without the product's own reader."""
    assert re.fullmatch(r"-?[\d\s]+,\d\d\s€", shown), shown
    return int(re.sub(r"[^\d-]", "", shown))


def amount_of(said: Json) -> int:
    """The amount of an event, where it is said in all or by line."""
    whole: int | None = said.get("amount_cents")
    return sum(each["amount_cents"] for each in said["lines"]) if whole is None else whole


@pytest.mark.parametrize("month", MONTHS)
def test_who_signed_what_in_a_month(visitor: Visitor, month: str) -> None:
    signed = {
        (each["convention"], each["beneficiary"]["name"], each["signatory"])
        for each in taken("convention.signed")
        if each["signed_on"].startswith(f"2026-{month}")
    }
    visitor.follow("Subventions")
    visitor.follow("Conventions")
    first, last = f"2026-{month}-01", f"2026-{month}-{monthrange(2026, int(month))[1]}"
    visitor.fill("Conventions", signed_from=first, signed_until=last)
    rows = visitor.rows("Conventions")
    assert signed
    assert signed == {
        (each["Convention"], each["Bénéficiaire"], each["Signée par"]) for each in rows
    }


def test_which_associations_owe_a_report_as_a_file_for_a_colleague(visitor: Visitor) -> None:
    visitor.follow("Subventions")
    visitor.follow("Justificatifs dus")
    _, _, table = visitor.download("CSV").decode("utf-8-sig").partition("\r\n\r\n")
    assert visitor.clicks < CLICKS_MAX
    owed = {
        (each.budget, each.convention, str(each.year), str(due_on), days_late(due_on))
        for each, due_on in the_city().owed.items()
    }
    names = ("budget", "convention", "année du justificatif", "échéance", "jours de retard")
    rows = csv.DictReader(io.StringIO(table), delimiter=";")
    assert owed == {tuple(each[name] for name in names) for each in rows}


def days_late(due_on: date) -> str:
    return str((TODAY - due_on).days) if due_on < TODAY else ""


def test_who_still_has_to_pay_money_back(visitor: Visitor) -> None:
    open_cents: Counter[str] = Counter()
    for each in taken("recovery.ordered"):
        open_cents[each["recovery"]] += amount_of(each)
    for each in taken("recovery.collected"):
        open_cents[each["recovery"]] -= amount_of(each)
    visitor.follow("Subventions")
    visitor.follow("Reversements")
    visitor.fill("Reversements", state="ordered")
    rows = visitor.rows("Reversements")
    assert +open_cents == {each["Reversement"]: cents(each["Reste à recouvrer"]) for each in rows}
    assert sum(open_cents.values()) == cents(visitor.total("Reversements", "Reste à recouvrer"))


def test_which_payments_are_late(visitor: Visitor) -> None:
    city = the_city()
    late = {
        (order, day_of(due_on), city.orders[budget, order][1] - city.orders[budget, order][2])
        for (budget, order), due_on in city.unpaid_by.items()
    }
    visitor.follow("Mandats")
    visitor.fill("Filtrer", due_until=str(TODAY - timedelta(days=1)))
    rows = visitor.rows("Liste des mandats")
    assert late
    assert late == {
        (each["Mandat"], each["Échéance"], cents(each["Reste à payer"])) for each in rows
    }


def day_of(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def test_what_a_club_was_given_in_three_years(visitor: Visitor) -> None:
    ((siret, _), *_rest) = Counter(each["beneficiary"]["siret"] for each in awards()).most_common()
    visitor.fill("Tout", q=siret)
    for year in YEARS:
        given = [
            amount_of(each)
            for each in awards()
            if each["beneficiary"]["siret"] == siret and each["budget"].endswith(str(year))
        ]
        caption = f"Subventions de {year}"
        assert sum(given) == cents(visitor.total(caption, "Attribué"))
        assert paid_cents(siret, year) == cents(visitor.total(caption, "Payé"))


def paid_cents(siret: str, year: int) -> int:
    """The money that stays paid: what came back in the year is taken off (rules, 27)."""
    of_club = {each["grant"] for each in awards() if each["beneficiary"]["siret"] == siret}
    of_club |= {
        each["convention"] for each in taken("convention.signed") if each["grant"] in of_club
    }
    paid: list[int] = [
        each["amount_cents"]
        for each in taken("payment.executed")
        if each["payment_order"].partition("/")[0] in of_club and each["budget"].endswith(str(year))
    ]
    back = [
        amount_of(each)
        for each in taken("recovery.collected")
        if each["convention"] in of_club
        and each["budget"].endswith(str(year))
        and each["on"].startswith(str(year))
    ]
    return sum(paid) - sum(back)


def awards() -> Iterator[Json]:
    """The acts that give a grant."""
    return (each for each in taken("deliberation.adopted") if each["role"] == "award")
