"""The list of grants (liste des concours attribués, CGCT L2313-1), with the open-data columns.

The columns of décret 2017-779 bear the names of its published format (SCDL Subventions): those
that the ledger can tell. It knows neither the share of a grant in what it helps to pay, nor the
RNA number, nor whether it was notified to the European Union.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _, verbatim
from services.api.access.caller import entity_of
from services.api.code_names import OFFICIAL, Names
from services.api.files.sheet import Cell, Column, Kind, Sheet
from services.api.grants import query as grants
from services.api.queries.rows import Entities, all_rows, mask_name_or_none, row_as
from services.ledger.explain.sentences import GRANT_STATES
from services.open_data.grant_file import AT_ONCE, IN_CASH, IN_PARTS, TEXT_MAX
from services.projector.tables import conventions, instalments, payment_orders, payments

MONTANT: Final = verbatim("montant")
TITLE: Final = _("List of grants")

COLUMNS: Final = (
    Column(verbatim("nomAttribuant")),
    Column(verbatim("idAttribuant")),
    Column(verbatim("dateConvention"), Kind.DAY),
    Column(verbatim("referenceDecision")),
    Column(verbatim("nomBeneficiaire")),
    Column(verbatim("idBeneficiaire")),
    Column(verbatim("objet")),
    Column(MONTANT, Kind.CENTS),
    Column(verbatim("nature")),
    Column(verbatim("conditionsVersement")),
    Column(verbatim("datesPeriodeVersement")),
    Column(_("grant")),
    Column(_("state")),
    Column(_("carried in"), Kind.CENTS),
    Column(_("committed, not ordered"), Kind.CENTS),
    Column(_("ordered, not paid"), Kind.CENTS),
    Column(_("paid"), Kind.CENTS),
    Column(_("released"), Kind.CENTS),
    Column(_("carried over"), Kind.CENTS),
    Column(_("to review"), Kind.NUMBER),
)

AWARDED, CARRIED_IN = (
    [column.label for column in COLUMNS].index(label) for label in (MONTANT, _("carried in"))
)
"""The places of the amounts whose totals leave out withdrawn grants."""

ANNOUNCED: Final = "announced"
"""The state of a grant of which only concurring acts are known."""

UNSIGNED: Final[Mapping[Any, Any]] = {"signed_on": None, "instalments": 0}
UNPAID: Final[Mapping[Any, Any]] = {"first_paid_on": None, "last_paid_on": None}


@dataclass(frozen=True, slots=True)
class ListedGrant:
    """A grant, and how it is paid."""

    grant: grants.Grant
    signed_on: date | None
    """The day of its first convention; None where there is none."""
    instalments: int
    """Number of planned payments."""
    first_paid_on: date | None
    last_paid_on: date | None


async def grant_list(
    conn: AsyncConnection, entities: Entities, budget: str
) -> tuple[ListedGrant, ...]:
    """The grants awarded in a budget, by reference; those only announced are not among them."""
    found = await grants.list_grants(conn, entities, budget=budget)
    signed = await _read_schedules(conn, budget)
    paid = await _read_payments(conn, budget)
    return tuple(
        row_as(
            ListedGrant,
            {**signed.get(each.grant, UNSIGNED), **paid.get(each.grant, UNPAID)},
            grant=each,
        )
        for each in found
        if each.state != ANNOUNCED
    )


async def _read_schedules(conn: AsyncConnection, budget: str) -> dict[str, RowMapping]:
    planned = and_(
        instalments.c.budget == conventions.c.budget,
        instalments.c.convention == conventions.c.convention,
    )
    # Those of a grant that stood alone count where an order was issued (rules, 13).
    own = ~instalments.c.instalment.contains("/")
    is_ordered = exists().where(
        payment_orders.c.budget == instalments.c.budget,
        payment_orders.c.convention + "/" + payment_orders.c.instalment == instalments.c.instalment,
    )
    # A grant that stands alone has no convention; its row has the day of the act.
    signature = case((conventions.c.stands_alone.is_(False), conventions.c.signed_on))
    query = (
        select(
            conventions.c.grant_ref,
            func.min(signature).label("signed_on"),
            func.count(case((or_(own, is_ordered), 1))).label("instalments"),
        )
        .outerjoin_from(conventions, instalments, planned)
        .where(conventions.c.budget == budget)
        .group_by(conventions.c.grant_ref)
    )
    return {row["grant_ref"]: row for row in await all_rows(conn, query)}


async def _read_payments(conn: AsyncConnection, budget: str) -> dict[str, RowMapping]:
    of_order = and_(
        payments.c.budget == payment_orders.c.budget,
        payments.c.payment_order == payment_orders.c.payment_order,
    )
    of_convention = and_(
        payment_orders.c.budget == conventions.c.budget,
        or_(
            payment_orders.c.convention == conventions.c.convention,
            payment_orders.c.convention == conventions.c.continues,
        ),
    )
    query = (
        select(
            conventions.c.grant_ref,
            func.min(payments.c.executed_on).label("first_paid_on"),
            func.max(payments.c.executed_on).label("last_paid_on"),
        )
        .join_from(payments, payment_orders, of_order)
        .join(conventions, of_convention)
        .where(payments.c.budget == budget)
        .group_by(conventions.c.grant_ref)
    )
    return {row["grant_ref"]: row for row in await all_rows(conn, query)}


def grant_sheet(listed: Sequence[ListedGrant], names: Names = OFFICIAL) -> Sheet:
    """The list as a table, with its totals."""
    rows = [_row(each, names) for each in listed]
    total: list[Cell] = [None] * len(COLUMNS)
    total[0] = _("Total")
    given = [row for each, row in zip(listed, rows, strict=True) if not each.grant.is_withdrawn]
    for at, column in enumerate(COLUMNS):
        if column.kind is Kind.CENTS:
            counted = given if at in {AWARDED, CARRIED_IN} else rows
            total[at] = sum(cell for row in counted if isinstance(cell := row[at], int))
    return Sheet(TITLE, COLUMNS, [*rows, total], frozenset({len(rows)}))


def _row(listed: ListedGrant, names: Names) -> list[Cell]:
    grant = listed.grant
    beneficiary = grant.beneficiary
    return [
        names.entity_of(grant.budget),
        entity_of(grant.budget),
        listed.signed_on,
        None if grant.act is None else mask_name_or_none(grant.act.number),
        None if beneficiary is None else beneficiary.name,
        None if beneficiary is None else beneficiary.siret,
        None if grant.title is None else grant.title[:TEXT_MAX],
        grant.awarded_cents,
        IN_CASH,
        _conditions(listed.instalments),
        _period(listed),
        mask_name_or_none(grant.grant),
        GRANT_STATES[grant.state],
        grant.carried_in_cents,
        grant.remaining_cents,
        grant.ordered_cents,
        grant.paid_cents,
        grant.released_cents,
        grant.carried_over_cents,
        grant.flags,
    ]


def _conditions(instalments: int) -> str | None:
    if not instalments:
        return None
    return AT_ONCE if instalments == 1 else IN_PARTS


def _period(listed: ListedGrant) -> str | None:
    """The days of the payments, as the format spells a period."""
    first, last = listed.first_paid_on, listed.last_paid_on
    if first is None or last is None:
        return None
    return first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}"
