"""Documents owed: by whom, which, by when, how late, whether one came and was rejected, and why."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal, select

from events.parts import DocumentKind
from events.texts import _
from services.api.console.texts import DOCUMENT_STATES
from services.api.documents.owed import select_all, select_owed
from services.api.files.list_file import ListColumn, names_beside_budget
from services.api.files.sheet import Kind
from services.api.http.question import Day, KeyText, Name
from services.api.http.question import Sequence as WholeNumber
from services.api.lists.declaration import ListDeclaration
from services.api.lists.filters import DeclaredFilters
from services.api.lists.query import Query, Rows, sort_by
from services.api.queries import rows
from services.api.queries.lists import order_by_name
from services.api.queries.rows import Beneficiary, FreeText, is_between, same
from services.ledger.explain.sentences import DOCUMENTS
from services.projector.tables import budgets, conventions, grants

FIRST_DUE: Final = "due_on"
SORTS: Final = ("due_on", "beneficiary", "received_on", "convention")

LATE: Final = {"true": _("late"), "false": _("not late")}
State = Literal["awaited", "rejected", "received"]


@dataclass(frozen=True, slots=True)
class OwedDocument:
    """A document that a convention owes, or one that came."""

    budget: str
    convention: rows.Name
    kind: str
    year: int
    """The year on which it reports."""
    due_on: date | None
    """The day by which it is owed; None of one that came and that nothing names."""
    days_late: int | None
    """Days since then; None of one that is not late."""
    state: str
    received_on: date | None
    """The day on which it came, also of one that was rejected since."""
    rejected_for: FreeText | None
    grant: rows.Name
    title: FreeText | None
    beneficiary: Beneficiary | None
    year_is_closed: bool
    sequence: int | None
    """The record that brought or rejected it."""


class DocumentFilters(DeclaredFilters):
    """Filters of documents."""

    convention: Name | None = None
    kind: DocumentKind | None = None
    state: State | None = Field(
        None, description="Without it all that is owed: what is awaited, and what was rejected."
    )
    is_late: bool | None = Field(None, description="`true`: owed by a day that has passed.")
    due_from: Day | None = Field(None, description="Owed by this day or later.")
    due_until: Day | None = Field(None, description="Owed by this day or before.")
    sort: Annotated[str, StringConstraints(pattern=rf"^-?({'|'.join(SORTS)})$")] = Field(
        FIRST_DUE, description="A minus before it is the reverse."
    )

    @property
    def is_dated(self) -> bool:
        """True: an answer says how late a document is."""
        return True


def _select(filters: DocumentFilters, today: date) -> Rows:
    owed = select_all() if filters.state == "received" else select_owed()
    late = and_(owed.c.due_on < today, state_of(owed) != "received")
    table = _tables(owed)
    query = (
        select(
            *owed.c,
            state_of(owed).label("state"),
            case((late, func.days_between(owed.c.due_on, today))).label("days_late"),
            conventions.c.grant_ref.label("grant"),
            grants.c.title,
            *(conventions.c.beneficiary, conventions.c.siret, conventions.c.representative),
            budgets.c.closed_on.is_not(None).label("year_is_closed"),
        )
        .select_from(table)
        .where(
            *filters.conditions(
                owed.c.budget, conventions.c.siret, conventions.c.folded, grants.c.folded
            )
        )
        .where(*same(owed, convention=filters.convention, kind=filters.kind))
        .where(*is_between(owed.c.due_on, filters.due_from, filters.due_until))
    )
    if filters.state is not None:
        query = query.where(state_of(owed).in_((filters.state,)))
    if filters.is_late is not None:
        query = query.where(late if filters.is_late else ~late)
    columns = {
        "due_on": (func.coalesce(owed.c.due_on, date.max),),
        "beneficiary": order_by_name(func.coalesce(conventions.c.beneficiary, "")),
        "received_on": (func.coalesce(owed.c.received_on, date.min),),
        "convention": (owed.c.convention,),
    }
    identity = (owed.c.budget, owed.c.convention, owed.c.kind, owed.c.year, owed.c.due_on)
    return Rows(query, table, identity, sort_by(columns, filters.sort))


def _tables(owed: FromClause) -> FromClause:
    return (
        owed.join(
            conventions,
            and_(
                conventions.c.budget == owed.c.budget,
                conventions.c.convention == owed.c.convention,
            ),
        )
        .join(budgets, budgets.c.budget == owed.c.budget)
        .outerjoin(
            grants,
            and_(
                grants.c.budget == conventions.c.budget,
                grants.c.grant_ref == conventions.c.grant_ref,
            ),
        )
    )


def state_of(owed: FromClause) -> ColumnElement[str]:
    """State of a document: one that was rejected has to come again."""
    return case(
        (owed.c.rejected_for.is_not(None), literal("rejected")),
        (owed.c.received_on.is_not(None), literal("received")),
        else_=literal("awaited"),
    )


BENEFICIARY: Final = ListColumn(_("beneficiary"), "beneficiary.name")
DOCUMENT: Final = ListColumn(_("document"), lambda each: DOCUMENTS.get(each.kind, each.kind))
YEAR: Final = ListColumn(_("document year"), "year", Kind.NUMBER)
DUE_ON: Final = ListColumn(_("due on"), "due_on", Kind.DAY)
DAYS_LATE: Final = ListColumn(_("days late"), "days_late", Kind.NUMBER)
STATE_NAME: Final = ListColumn(_("state"), lambda each: DOCUMENT_STATES[each.state])
RECEIVED_ON: Final = ListColumn(_("received on"), "received_on", Kind.DAY)
REJECTED_FOR: Final = ListColumn(_("rejected because"), "rejected_for")
CONVENTION: Final = ListColumn(_("convention"), "convention")

OWED_DOCUMENTS: Final = ListDeclaration(
    name="documents",
    title=_("Documents owed"),
    summary="Documents",
    description="Documents that conventions owe (justificatifs), the first due first or sorted as "
    "asked, those of closed years among them. What was carried over owes in the next year alone.",
    rows=Query(OwedDocument, _select),
    filters=DocumentFilters,
    key={
        "budget": KeyText,
        "convention": KeyText,
        "kind": KeyText,
        "year": WholeNumber,
        "due_on": date,
    },
    columns=(
        BENEFICIARY,
        ListColumn(_("SIRET"), "beneficiary.siret"),
        DOCUMENT,
        YEAR,
        DUE_ON,
        DAYS_LATE,
        STATE_NAME,
        RECEIVED_ON,
        REJECTED_FOR,
        CONVENTION,
        ListColumn(_("grant"), "grant"),
        ListColumn(_("purpose"), "title"),
        ListColumn(_("budget"), "budget"),
        *names_beside_budget(),
    ),
    values={"state": DOCUMENT_STATES, "kind": DOCUMENTS, "is_late": LATE},
    filter_names={"kind": _("document"), "is_late": _("late")},
)
