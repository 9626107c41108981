"""The list of grants, and the page of one."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator
from starlette.responses import Response

from events.texts import _
from services.api.access.caller import Scope
from services.api.budgets.page import budget_choice
from services.api.budgets.view import money
from services.api.console import texts
from services.api.console.elements import address, bar_of, grant_href
from services.api.console.lists import cut_page, files, heads, links
from services.api.console.page_context import (
    NOTHING,
    ROWS,
    After,
    Name,
    Search,
    Text,
    Visitor,
    place_of,
)
from services.api.grants import listing
from services.api.grants import query as grants
from services.api.grants.conventions import Convention
from services.api.grants.instalments import document_name, instalment_view
from services.api.grants.money import sum_reserved
from services.api.grants.records import whole_records
from services.api.grants.routes import Sort, State
from services.api.grants.timeline import Subject, timeline
from services.api.grants.view import (
    convention_facts,
    documents_of,
    grant_money,
    is_awaited,
    is_owed,
    slip_faults,
    stages_of,
)
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Problem
from services.ledger.explain.sentences import GRANT_STATES
from services.texts.locale_format import LocaleFormat

router = APIRouter()

HEADS: Final = ("beneficiary", "-awarded", "-paid")
"""Columns that sort the list, as the first click does it."""


class Filters(BaseModel):
    """Filters in the address of the list; anything else is ignored."""

    budget: Annotated[Text | None, NOTHING] = None
    state: Annotated[State | None, NOTHING] = None
    search: Annotated[Search, BeforeValidator(str.strip)] = ""
    sort: Sort = listing.NEWEST
    after: After = None
    before: After = None

    @property
    def asked(self) -> dict[str, str | None]:
        """The filters as the query has them."""
        return {"budget": self.budget, "state": self.state, "search": self.search or None}


@router.get("/console/grants")
async def grant_list(visit: Visitor) -> Response:
    """The list of grants, with a search."""
    wanted, faults = visit.filters(Filters)
    conn, entities, locale = visit.connection, visit.entities, visit.locale
    visit.check_authorized(wanted.budget)
    asked = wanted.asked
    place = place_of(wanted.after, wanted.before, Text, Text)
    found = await grants.list_grants(
        conn,
        entities,
        **asked,
        sort=wanted.sort,
        after=place.key,
        backwards=place.backwards,
        limit=ROWS + 1,
    )
    page = cut_page(found, place, ROWS)
    reserved = await sum_reserved(conn, [(each.budget, each.grant) for each in page.rows])
    amounts = [stages_of(each, reserved[each.budget, each.grant]) for each in page.rows]
    # What is released is no progress.
    progress = [[each for each in row if each[0] != "released"] for row in amounts]
    here = {**asked, "sort": None if wanted.sort == listing.NEWEST else wanted.sort}
    return await visit.page(
        "grants.html",
        status_code=422 if faults else 200,
        live=not faults,
        faults=faults,
        title=locale.say(_("Grants")),
        texts=texts,
        rows=[(each, bar_of(row, locale)) for each, row in zip(page.rows, progress, strict=True)],
        totals=await listing.totals(conn, entities, **asked),
        wanted=wanted,
        search=wanted.search,
        budget=wanted.budget,
        **await budget_choice(visit, wanted.budget),
        states=GRANT_STATES,
        heads=heads(("grants",), here, wanted.sort, HEADS),
        files=files("/grants", {**asked, "sort": wanted.sort}, locale),
        page_links=links(("grants",), here, page, place, _key),
    )


def _key(grant: grants.Grant) -> tuple[str, str]:
    return grant.budget, grant.grant


@router.get("/console/grants/{budget}/{grant:path}")
async def grant(visit: Visitor, components: Given, budget: Name, grant: Name) -> Response:
    """All that is known of a grant."""
    visit.check_authorized(budget)
    found = await grants.one(visit.connection, visit.entities, budget, grant)
    if found is None:
        raise Problem(NOT_FOUND)
    one, locale = found.grant, visit.locale
    names = {one.grant, *(each for every in found.conventions for each in every.names)}
    records = await whole_records(
        visit.connection, budget, [each.sequence for each in found.records]
    )
    treasury = components.treasury
    settings = None if treasury is None else treasury.config.find_budget(budget)
    amounts = stages_of(one, sum(each.reserved_cents for each in found.lines))
    return await visit.page(
        "grant.html",
        title=one.name,
        texts=texts,
        whole=found,
        grant=one,
        today=visit.today,
        figures=grant_money(one, amounts, locale).figures,
        lines=[
            (
                each.line,
                money(budget, [each.budget_line], locale, each.line) if each.budget_line else None,
                grant_money(one, stages_of(each, each.reserved_cents), locale, each.line),
                slip_faults(each, settings),
            )
            for each in found.lines
        ],
        moments=timeline(records, Subject(names), locale),
        documents=[
            (document, needed_for, is_owed(each, document), each.goes_on_in)
            for each in found.conventions
            for document, needed_for in documents_of(each, locale)
        ],
        by_hand=[
            link
            for each in found.conventions
            if visit.caller.may(Scope.PUBLISH, budget)
            for link in _documents_by_hand(each, locale)
        ],
        convention_facts=partial(convention_facts, locale=locale),
        document_name=partial(document_name, locale=locale),
        instalment_view=partial(instalment_view, today=visit.today, locale=locale),
    )


def _documents_by_hand(convention: Convention, locale: LocaleFormat) -> list[tuple[str, str]]:
    """Address and text of the forms for the documents that are awaited.

    A closed year refuses those of what was carried over: they are recorded where it goes on.
    """
    awaited = [
        each for each, _why in documents_of(convention, locale) if is_awaited(convention, each)
    ]
    if awaited and convention.goes_on_in is not None:
        text = locale.say(
            _("Convention {convention} goes on in budget {budget}: record its documents there"),
            convention=convention.convention,
            budget=convention.goes_on_in,
        )
        return [(grant_href(convention.goes_on_in, convention.grant), text)]
    return [
        (
            address(
                "send",
                "document",
                convention.budget,
                convention.convention,
                kind=each.kind,
                year=str(each.year),
            ),
            document_name(each.kind, each.year, locale),
        )
        for each in awaited
    ]
