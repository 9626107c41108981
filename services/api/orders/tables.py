"""Payment orders in files: the list, and the payment plan."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from events.texts import _, pgettext
from services.api.files.list_file import (
    ROWS_MAX,
    ListColumn,
    ListTable,
    heading_of,
    list_sheet,
    names_beside_budget,
)
from services.api.files.sheet import Cell, Column, Kind, Sheet
from services.api.http.question import BudgetId, ListFilters, Name, QueryContext, Siret
from services.api.orders.plan import PaymentPlan, monday_of, payment_plan, period_of
from services.api.orders.waiting import STATUSES
from services.api.queries import orders
from services.ledger.explain.sentences import ORDER_STATES

PERIOD_NAMES: Final = {
    "overdue": _("overdue"),
    "7_days": _("within 7 days"),
    "30_days": _("in 8 to 30 days"),
    "later": _("later"),
}

LEFT: Final = ListColumn(
    _("still to pay"), lambda each: each.left_cents if each.is_open else 0, Kind.CENTS, summed=True
)
OF_AN_ORDER: Final = (
    ListColumn(_("payment order"), "payment_order"),
    ListColumn(_("beneficiary"), "beneficiary.name"),
    ListColumn(_("SIRET"), "beneficiary.siret"),
    ListColumn(_("purpose"), "title"),
    ListColumn(_("state"), lambda each: ORDER_STATES[each.state]),
    ListColumn(_("amount"), "amount_cents", Kind.CENTS, summed=True),
    LEFT,
    ListColumn(pgettext("payment order", "issued on"), "issued_on", Kind.DAY),
    ListColumn(_("due on"), "due_on", Kind.DAY),
    ListColumn(_("acknowledged on"), "acknowledged_on", Kind.DAY),
    ListColumn(_("accountant's reason"), "reason_label"),
    ListColumn(_("convention"), "convention"),
    ListColumn(_("instalment"), "instalment"),
    ListColumn(_("budget"), "budget"),
    ListColumn(_("record no."), "sequence", Kind.NUMBER),
    *names_beside_budget(),
)
ORDER_TABLE: Final = ListTable(
    _("Payment orders"), OF_AN_ORDER, {"state": ORDER_STATES, "status": STATUSES}
)

TITLE: Final = _("Payment plan")


class PlanFilters(ListFilters):
    """Filters of the payment plan."""

    budget: BudgetId | None = None
    entity: Siret | None = Field(None, description="Of all budgets of this entity.")
    siret: Siret | None = Field(None, description="Of this beneficiary.")
    convention: Name | None = None


async def plan_sheets(question: QueryContext, filters: PlanFilters) -> Sequence[Sheet]:
    """The orders that wait, the weeks in which they are due, and to whom."""
    conn, entities, today = question.connection, question.entities, question.today
    which = orders.OrderFilter(**filters.arguments(today), states=orders.OPEN_STATES)
    found = await orders.list_orders(conn, entities, which, limit=ROWS_MAX + 1)
    when = (
        ListColumn(
            _("when due"),
            lambda each: PERIOD_NAMES[period_of(each.due_on, today)],
        ),
        ListColumn(_("week from"), lambda each: monday_of(each.due_on), Kind.DAY),
    )
    table = ListTable(TITLE, (*when, *OF_AN_ORDER))
    heading = await heading_of(question, filters, TITLE, {})
    plan = await payment_plan(conn, entities, today, which)
    others = (_weeks(plan), _beneficiaries(plan))
    listed = await list_sheet(question, filters, table, found)
    return [listed, *(each._replace(heading=heading) for each in others)]


def _weeks(plan: PaymentPlan) -> Sheet:
    columns = (
        Column(_("week from"), Kind.DAY),
        Column(_("week to"), Kind.DAY),
        Column(_("orders"), Kind.NUMBER),
        Column(_("still to pay"), Kind.CENTS),
    )
    rows: list[list[Cell]] = [
        [each.monday, each.sunday, each.due.count, each.due.left_cents] for each in plan.weeks
    ]
    rows.append([_("Total"), None, plan.total.count, plan.total.left_cents])
    return Sheet(_("By week"), columns, rows, frozenset({len(plan.weeks)}))


def _beneficiaries(plan: PaymentPlan) -> Sheet:
    columns = (
        Column(_("beneficiary")),
        Column(_("SIRET")),
        Column(_("orders"), Kind.NUMBER),
        *(Column(name, Kind.CENTS) for name in PERIOD_NAMES.values()),
        Column(_("still to pay"), Kind.CENTS),
    )

    def row(name: Cell, siret: str | None, due: orders.Counted, cents: Sequence[Any]) -> list[Cell]:
        return [name, siret, due.count, *cents, due.left_cents]

    rows = [
        row(each.name, each.siret, each.due, [*each.by_period.values()])
        for each in plan.beneficiaries
    ]
    sums = [each.left_cents for each in plan.periods.values()]
    rows.append(row(_("Total"), None, plan.total, sums))
    return Sheet(_("By beneficiary"), columns, rows, frozenset({len(plan.beneficiaries)}))
