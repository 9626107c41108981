"""The pages of the treasury: orders that wait, slips, returns, findings; what is done by forms.

Whoever reads sees them, IBANs nowhere; acts are for who has the right `treasury`.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from events.texts import Translatable, _
from events.treasury import PIECE_NUMBER_MAX, SLIP_NUMBER_MAX
from services.api.access.caller import Scope
from services.api.budgets.page import budget_choice
from services.api.console import texts
from services.api.console.elements import address, slip_href
from services.api.console.lists import Place, cut_page, links
from services.api.console.page_context import (
    ROWS,
    After,
    Name,
    OptionalText,
    Text,
    Visit,
    Visitor,
    place_of,
)
from services.api.http.components import Treasury
from services.api.http.dependencies import Given
from services.api.http.question import FreeText, KeyTime
from services.api.problems import NOT_FOUND, Problem
from services.api.treasury import acts, query, view
from services.api.treasury.acts import Treasurer, file_answer
from services.treasury.domain.findings import SLIP_STATES, FindingKind
from services.treasury.domain.slips import SlipState, outside_exercise
from services.treasury.entries.bookkeeper import Bookkeeper
from services.treasury.reconciliation.reconcile import ComparisonCounts, reconcile
from services.treasury.slips.numbers import GivenNumbers

router = APIRouter()

HOME: Final = "treasury"
ISSUE, EXPORT, CANCEL = "issue", "export", "cancel"
"""Acts on a slip, as forms name them."""

DIFFERENCES_SHOWN: Final = 200
"""Differences on the page: `ecluse reconcile` names all."""


@router.get("/console/treasury/slips")
async def slips(
    visit: Visitor,
    components: Given,
    budget: OptionalText = None,
    state: OptionalText = None,
    after: After = None,
    before: After = None,
) -> Response:
    """Slips, the newest first."""
    visit.check_authorized(budget)
    if components.treasury is None:
        return await treasury_page(visit, components, "slips", "treasury_slips.html")
    place = place_of(after, before, KeyTime, Text)
    choice = await budget_choice(visit, budget)
    async with components.treasury.store.reading() as connection:
        found = await query.list_slips(
            connection,
            visit.entities,
            budget=budget,
            state=state,
            after=place.key,
            backwards=place.backwards,
            limit=ROWS + 1,
        )
    page = cut_page(found, place, ROWS)
    asked = {"budget": budget, "state": state}
    return await treasury_page(
        visit,
        components,
        "slips",
        "treasury_slips.html",
        rows=page.rows,
        budget=budget,
        **choice,
        state=state,
        states=SLIP_STATES,
        page_links=links(
            (HOME, "slips"),
            asked,
            page,
            place,
            lambda row: (row.prepared_at.isoformat(), row.slip_id),
        ),
    )


@router.get("/console/treasury/slips/{slip_id}")
async def slip(
    visit: Visitor,
    components: Given,
    slip_id: Name,
    confirm: OptionalText = None,
    order: OptionalText = None,
) -> Response:
    """A slip: its pieces, its file, the answers; an act on it, or an order, to be confirmed."""
    treasury = acts.treasury_of(components)
    async with treasury.store.reading() as connection:
        found = await query.whole_slip(connection, visit.entities, slip_id)
    if found is None:
        raise Problem(NOT_FOUND)
    is_duplicate = _is_duplicate(found)
    possible = acts_on(found.slip, is_duplicate=is_duplicate)
    # Nobody waits with a connection for what happened to thousands of orders.
    await visit.connection.close()
    may = visit.caller.may(Scope.TREASURY, found.slip.budget)
    unconfirmed = await treasury.slips.list_unconfirmed(slip_id)
    asked = [each for each in unconfirmed if may and each.payment_order == order]
    return await treasury_page(
        visit,
        components,
        "slips",
        "treasury_slip.html",
        title=view.slip_title(found.slip, visit.locale),
        found=found,
        acts=possible if may else (),
        confirm=confirm if may and confirm in possible else None,
        by_erp=_is_numbered_by_erp(treasury, found.slip),
        is_duplicate=is_duplicate,
        outside=_outside(visit, found.slip),
        unconfirmed=unconfirmed,
        to_confirm=asked[0] if asked else None,
    )


def _outside(visit: Visit, slip: query.Slip) -> Translatable | None:
    """A notice of a slip that may still be given up, or asked for, where its day is wrong."""
    if slip.state not in {SlipState.PREPARED, SlipState.ISSUED}:
        return None
    return outside_exercise(slip.budget, slip.issued_on or visit.today)


@router.post("/console/treasury/slips/{slip_id}")
async def act_on_slip(
    caller: Treasurer,
    components: Given,
    slip_id: Name,
    act: Annotated[str, Form(max_length=20)],
    number: Annotated[int | None, Form(ge=1, le=SLIP_NUMBER_MAX)] = None,
    first_piece: Annotated[int | None, Form(ge=1, le=PIECE_NUMBER_MAX)] = None,
    reason: Annotated[FreeText | None, Form()] = None,
) -> Response:
    """A slip issued or cancelled; or its file, whose line in the audit trail stands before it."""
    if act == EXPORT:
        made = await acts.export(components, caller, slip_id)
        return file_answer(made)
    if act == ISSUE:
        given = None
        if number is not None and first_piece is not None:
            given = GivenNumbers(number, first_piece)
        changed = await acts.issue(components, caller, slip_id, given)
    elif act == CANCEL:
        changed = await acts.cancel(components, caller, slip_id, reason)
    else:
        raise Problem(NOT_FOUND)
    return RedirectResponse(slip_href(changed.slip_id), 303)


@router.get("/console/treasury/returns")
async def returns(
    visit: Visitor, components: Given, after: After = None, before: After = None
) -> Response:
    """Files of the accountant, and what became of each; for who may see all entities."""
    return await show_returns(visit, components, place_of(after, before, KeyTime, Text))


async def show_returns(visit: Visit, components: Given, place: Place, **answered: Any) -> Response:
    """The list of files, and what became of the one that was brought just now."""
    rows: Any = None
    page_links: Any = None
    if components.treasury is not None and visit.entities is None:
        async with components.treasury.store.reading() as connection:
            found = await query.return_files(
                connection, after=place.key, backwards=place.backwards, limit=ROWS + 1
            )
        page = cut_page(found, place, ROWS)
        rows = page.rows
        page_links = links(
            (HOME, "returns"),
            {},
            page,
            place,
            lambda row: (row.received_at.isoformat(), row.sha256),
        )
    return await treasury_page(
        visit,
        components,
        "returns",
        "treasury_returns.html",
        rows=rows,
        page_links=page_links,
        may_bring=bool(visit.caller.entities(Scope.TREASURY)),
        **{"taken": None, "fault": None, **answered},
    )


@router.get("/console/treasury/findings")
async def findings(
    visit: Visitor,
    components: Given,
    closed: bool = False,
    after: After = None,
    before: After = None,
) -> Response:
    """Findings: what is open, or what somebody has closed."""
    rows: Any = []
    page_links: Any = None
    if components.treasury is not None:
        place = place_of(after, before, KeyTime, Text)
        async with components.treasury.store.reading() as connection:
            found = await query.findings(
                connection,
                visit.entities,
                is_open=not closed,
                after=place.key,
                backwards=place.backwards,
                limit=ROWS + 1,
            )
        page = cut_page(found, place, ROWS)
        rows = page.rows
        page_links = links(
            (HOME, "findings"),
            {"closed": "true" if closed else None},
            page,
            place,
            lambda row: (row.opened_at.isoformat(), row.finding_id),
        )
    return await treasury_page(
        visit,
        components,
        "findings",
        "treasury_findings.html",
        rows=rows,
        closed=closed,
        page_links=page_links,
        may_close=lambda each: _may_close(visit, each),
    )


@router.post("/console/treasury/findings/{finding_id}")
async def close(
    caller: Treasurer,
    components: Given,
    finding_id: Name,
    reason: Annotated[FreeText, Form()],
) -> Response:
    """A finding closed, with a reason."""
    await acts.close_finding(components, caller, finding_id, reason)
    return RedirectResponse(address(HOME, "findings"), 303)


def _is_numbered_by_erp(treasury: Treasury, slip: query.Slip) -> bool:
    """True if the ERP numbers the slips of its budget: whoever issues one gives them."""
    settings = treasury.config.find_budget(slip.budget)
    return settings is not None and settings.numbers.given_by_erp


@router.get("/console/treasury/reconciliation")
async def reconciliation(
    visit: Visitor, components: Given, budget: OptionalText = None
) -> Response:
    """Show the differences between entries, slips, returns and the ledger, in one budget."""
    visit.check_authorized(budget)
    treasury = components.treasury
    if treasury is None:
        return await treasury_page(
            visit, components, "reconciliation", "treasury_reconciliation.html"
        )
    choice = await budget_choice(visit, budget)
    await visit.connection.close()
    chosen = budget or next(iter(choice["budgets"]), None)
    found: Any = ()
    compared: ComparisonCounts | None = None
    behind: Any = ()
    if chosen is not None:
        accounts = treasury.config.accounts
        found, compared = await reconcile(
            treasury.store, components.engine, accounts, budget=chosen
        )
        books = Bookkeeper(treasury.store, components.engine, accounts, components.clock)
        behind = [each for each in await books.list_behind() if each.budget == chosen]
    return await treasury_page(
        visit,
        components,
        "reconciliation",
        "treasury_reconciliation.html",
        budget=chosen,
        **choice,
        differences=found[:DIFFERENCES_SHOWN],
        left_out=len(found[DIFFERENCES_SHOWN:]),
        compared=compared,
        behind=behind,
    )


def _is_duplicate(whole_slip: query.WholeSlip) -> bool:
    """True of a slip that the gateway neither took nor refused: it called it a duplicate."""
    return whole_slip.slip.state == SlipState.ISSUED and any(
        each.kind == FindingKind.SENT_TWICE for each in whole_slip.findings
    )


def acts_on(slip: query.Slip, *, is_duplicate: bool) -> tuple[str, ...]:
    """The acts on a slip: one that was sent is cancelled only if the gateway did not take it."""
    state = SlipState(slip.state)
    if state is SlipState.PREPARED:
        return ISSUE, CANCEL
    if state is SlipState.CANCELLED:
        return ()
    is_unsent = state is SlipState.ISSUED and slip.exported_at is None
    may_go = is_unsent or is_duplicate or state is SlipState.REFUSED
    return (EXPORT, CANCEL) if may_go else (EXPORT,)


def _may_close(visit: Visit, finding: query.Finding) -> bool:
    """True if the caller may close it; one of no budget is of all entities."""
    if finding.budget is None:
        return visit.caller.entities(Scope.TREASURY).every
    return visit.caller.may(Scope.TREASURY, finding.budget)


async def treasury_page(
    visit: Visit, components: Given, tab: str, template: str, **content: Any
) -> Response:
    """A page of the treasury under its tabs; where there is none, that is all it says."""
    treasury = components.treasury
    open_findings = 0
    if treasury is not None:
        async with treasury.store.reading() as connection:
            open_findings = await query.open_findings(connection, visit.entities)
    return await visit.page(
        template,
        live=False,
        **{
            "title": visit.locale.say(_("Treasury")),
            "texts": texts,
            "view": view,
            "tab": tab,
            "set_up": treasury is not None,
            "none_here": view.no_treasury_notice(visit.locale),
            "open_findings": open_findings,
            "may": lambda budget: visit.caller.may(Scope.TREASURY, budget),
            **content,
        },
    )
