"""The payment orders that wait, in four figures and by state; and which are asked for."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field

from events.texts import Translatable, _
from services.api.console import texts
from services.api.console.elements import Fact, Verbatim, address
from services.api.console.page_context import NOTHING, Text
from services.api.http.question import Day
from services.api.queries.orders import (
    DAYS_MAX,
    FIRST_DUE,
    MONTH,
    NONE,
    OPEN_STATES,
    SORT,
    UNANSWERED,
    WEEK,
    Counted,
    InState,
    OrderFilter,
    Waiting,
)
from services.api.queries.reissue import REJECTED, TO_REISSUE
from services.ledger.explain.sentences import ORDER_STATES
from services.texts.locale_format import LocaleFormat

WAITING: Final = "waiting"
"""The filter that stands for all open states: what the page shows first."""

ALL: Final = "all"
STATUSES: Final = {TO_REISSUE: _("rejected, to be issued again"), **ORDER_STATES}
"""The states of orders; what was rejected and waits for another order is one of its own."""

STATE: Final = f"^({'|'.join((WAITING, ALL, *STATUSES))})$"
ONE_DAY: Final = timedelta(days=1)
Days = Annotated[int, Field(ge=0, le=DAYS_MAX)]
Digits = Annotated[Text | None, BeforeValidator(lambda text: "".join((text or "").split()) or None)]
"""A SIRET as people write it, with spaces or without."""


class OrderSelection(BaseModel):
    """Filters of the orders to show, as in the address of the list; None stands for all."""

    state: Annotated[str, Field(pattern=STATE)] = WAITING
    budget: Annotated[Text | None, NOTHING] = None
    due_from: Annotated[Day | None, NOTHING] = None
    due_until: Annotated[Day | None, NOTHING] = None
    older_than_days: Annotated[Days | None, NOTHING] = None
    siret: Digits = None
    convention: Annotated[Text | None, NOTHING] = None
    sort: Annotated[str, Field(pattern=SORT)] = FIRST_DUE

    @property
    def asked(self) -> dict[str, str | None]:
        """The same as it stands in an address."""
        named = self.model_dump(
            mode="json", include=set(OrderSelection.model_fields), exclude_defaults=True
        )
        return {name: None if each is None else str(each) for name, each in named.items()}

    @property
    def asked_of_api(self) -> dict[str, Any]:
        """The same as the API's list has it."""
        states = None if self.status else self.states
        return {**self.asked, "state": states, "status": self.status}

    @property
    def narrowed(self) -> bool:
        """True if anything but the state is asked for."""
        return not self.asked.keys() <= {"state", "sort"}

    @property
    def whose(self) -> "OrderSelection":
        """The filters by whose orders they are, without state and days."""
        return OrderSelection(budget=self.budget, siret=self.siret, convention=self.convention)

    @property
    def cleared_href(self) -> Verbatim:
        """The list with all else taken away but the state."""
        return OrderSelection(state=self.state).href

    @property
    def href(self) -> Verbatim:
        """Address of the list of these orders."""
        return address("orders", **self.asked)

    def due(self, first: date | None, last: date | None) -> "OrderSelection":
        """The same, of those due on these days and between."""
        return self.model_copy(update={"due_from": first, "due_until": last})

    def state_href(self, state: str) -> Verbatim:
        """The list with all else as it is, and this state."""
        return self.model_copy(update={"state": state}).href

    def filter(self, today: date, *, any_state: bool = False) -> OrderFilter:
        """The same as a question; with `any_state` of orders in every state."""
        days = self.older_than_days
        return OrderFilter(
            budget=self.budget,
            convention=self.convention,
            siret=self.siret,
            states=None if any_state else self.states,
            status=None if any_state else self.status,
            due_from=self.due_from,
            due_until=self.due_until,
            issued_until=None if days is None else today - timedelta(days=days),
        )

    @property
    def states(self) -> Sequence[str] | None:
        """The states that are asked for; None stands for all."""
        if self.status is not None:
            return (REJECTED,)
        if self.state == ALL:
            return None
        return OPEN_STATES if self.state == WAITING else (self.state,)

    @property
    def status(self) -> Sequence[str] | None:
        """Of rejected orders, those that are to be issued again, or the others."""
        return (self.state,) if self.state in {REJECTED, TO_REISSUE} else None


class Tab(NamedTuple):
    """One state, with how many are in it and what they come to."""

    state: str
    text: Translatable
    orders: int
    total_cents: int


def period_days(period: str, today: date) -> tuple[date | None, date | None]:
    """The first and the last day of a period of the payment plan; None where it is open."""
    return {
        "overdue": (None, today - ONE_DAY),
        "7_days": (today, today + WEEK),
        "30_days": (today + WEEK + ONE_DAY, today + MONTH),
        "later": (today + MONTH + ONE_DAY, None),
    }[period]


def overdue(today: date, budget: str | None = None) -> Verbatim:
    """The orders that wait and should have been paid."""
    return OrderSelection(budget=budget, due_until=today - ONE_DAY).href


def to_reissue(budget: str | None = None) -> Verbatim:
    """The orders that were rejected, and are to be issued again."""
    return OrderSelection(budget=budget, state=TO_REISSUE).href


def waiting_view(
    waiting: Waiting, today: date, locale: LocaleFormat, whose: OrderSelection | None = None
) -> list[Fact]:
    """The orders that wait, in five figures; each leads to the orders that it counts."""
    all_of_them = whose or OrderSelection()

    def fact(label: Translatable, counted: Counted, href: str, *, late: bool = False) -> Fact:
        text = locale.quantity(texts.ORDER_COUNT, counted.count)
        if not counted.count:
            return Fact(locale.say(label), text)
        return Fact(locale.say(label), text, locale.money(counted.left_cents), href, late=late)

    def due(first: date | None, last: date) -> Verbatim:
        return all_of_them.due(first, last).href

    return [
        fact(_("Overdue"), waiting.overdue, due(None, today - ONE_DAY), late=True),
        fact(_("Due within 7 days"), waiting.due_in_7_days, due(today, today + WEEK)),
        fact(_("Due within 30 days"), waiting.due_in_30_days, due(today, today + MONTH)),
        fact(
            _("Not answered yet"),
            waiting.by_state[UNANSWERED],
            all_of_them.state_href(UNANSWERED),
        ),
        fact(_("All that wait"), waiting.all, all_of_them.href),
    ]


class Totals(NamedTuple):
    """Totals of a list, whichever of its rows are on a page."""

    orders: int
    amount_cents: int
    left_cents: int


def totals(by_state: Mapping[str, InState], states: Sequence[str] | None) -> Totals:
    """The sums of the orders in these states."""
    listed = {state: each for state, each in by_state.items() if states is None or state in states}
    return Totals(
        sum(each.count for each in listed.values()),
        sum(each.amount_cents for each in listed.values()),
        sum(each.left_cents for state, each in listed.items() if state in OPEN_STATES),
    )


def state_tabs(by_state: Mapping[str, InState]) -> list[Tab]:
    """The filter by state: of open ones what is still to be paid, of others what they came to."""
    still = [by_state[state] for state in OPEN_STATES if state in by_state]
    left_cents = sum(each.left_cents for each in still)
    tabs = [Tab(WAITING, _("Waiting"), sum(each.count for each in still), left_cents)]
    for state, text in STATUSES.items():
        each = by_state.get(state, NONE)
        cents = each.left_cents if state in OPEN_STATES else each.amount_cents
        tabs.append(Tab(state, text, each.count, cents))
    count = sum(each.count for each in by_state.values())
    cents = sum(each.amount_cents for each in by_state.values())
    return [*tabs, Tab(ALL, _("All"), count, cents)]
