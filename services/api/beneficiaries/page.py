"""The page of a beneficiary: grants by year, orders, documents owed, bank details."""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Path
from starlette.responses import Response
from stdnum.fr import siret as siret_number

from services.api.beneficiaries.query import accounts_of
from services.api.console import texts
from services.api.console.page_context import Visitor
from services.api.grants import query as grants
from services.api.grants.conventions import Document, conventions_of
from services.api.grants.instalments import document_name
from services.api.grants.view import documents_of, is_owed
from services.api.problems import NOT_FOUND, Problem
from services.api.queries import orders
from services.api.queries.orders import OrderFilter

router = APIRouter()

ORDERS_SHOWN: Final = 100
"""Orders on the page: those that are due last."""

Siret = Annotated[str, Path(pattern=r"^[0-9]{14}$")]


class OwedDocument(NamedTuple):
    """A document that has not come, or was rejected: what it is, for what, on which grant."""

    name: str
    needed_for: str
    document: Document
    grant: grants.Grant


class Year(NamedTuple):
    """The grants of a fiscal year, and their sums in cents."""

    year: int
    grants: Sequence[grants.Grant]
    awarded_cents: int
    """The sum of the awards that were not withdrawn."""
    carried_in_cents: int
    """The sum that the year before carried over to those that were not withdrawn."""
    withdrawn: int
    """The number of withdrawn grants."""
    ordered_cents: int
    paid_cents: int


@router.get("/console/beneficiaries/{siret}")
async def beneficiary(visit: Visitor, siret: Siret) -> Response:
    """All that is known of a beneficiary in the entities of the caller."""
    conn, entities, locale = visit.connection, visit.entities, visit.locale
    given = await grants.list_grants(conn, entities, siret=siret)
    ordered = await orders.list_orders(conn, entities, OrderFilter(siret=siret))
    accounts = await accounts_of(conn, entities, siret)
    if not (given or ordered or accounts):
        raise Problem(NOT_FOUND)
    named = [
        *(each.beneficiary for each in ordered if each.beneficiary is not None),
        *(each.beneficiary for each in given if each.beneficiary is not None),
    ]
    owed = [
        OwedDocument(
            document_name(document.kind, document.year, locale=locale), needed_for, document, grant
        )
        for grant in given
        for convention in await conventions_of(conn, grant.budget, grant.grant)
        for document, needed_for in documents_of(convention, locale)
        if is_owed(convention, document)
    ]
    return await visit.page(
        "beneficiary.html",
        title=named[-1].name if named else accounts[0].account.holder,
        texts=texts,
        siret=siret_number.format(siret, "\u00a0"),
        representative=named[-1].representative if named else None,
        years=years_of(given),
        orders=ordered[::-1][:ORDERS_SHOWN],
        orders_left=max(0, len(ordered) - ORDERS_SHOWN),
        owed=owed,
        accounts=accounts,
        today=visit.today,
    )


def years_of(all_grants: Sequence[grants.Grant]) -> list[Year]:
    """Grants by fiscal year, the newest first; one that is carried over is in several."""
    by_year: dict[int, list[grants.Grant]] = {}
    for each in all_grants:
        by_year.setdefault(int(each.budget.rpartition("-")[2]), []).append(each)
    return [
        Year(
            year,
            some,
            sum(each.awarded_cents for each in some if not each.is_withdrawn),
            sum(each.carried_in_cents for each in some if not each.is_withdrawn),
            sum(each.is_withdrawn for each in some),
            sum(each.ordered_cents for each in some),
            sum(each.paid_cents for each in some),
        )
        for year, some in sorted(by_year.items(), reverse=True)
    ]
