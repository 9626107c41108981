"""The payment orders that wait, in four figures and by state; and which are asked for."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, Field

from events.texts import Translatable, _
from services.api.console.elements import Fact, Verbatim, address, order_href
from services.api.console.page_context import NOTHING, Text
from services.api.console.texts import orders as texts
from services.api.http.question import Day
from services.api.orders.query import (
    DAYS_MAX,
    NEXT_DAYS,
    OPEN_STATES,
    Counted,
    InState,
    OrderFilter,
    Waiting,
)
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import LocaleFormat

WAITING: Final = "waiting"
"""The filter that stands for all open states: what the page shows first."""

ALL: Final = "all"
STATE: Final = f"^({'|'.join((WAITING, ALL, *ORDER_STATES))})$"
ONE_DAY: Final = timedelta(days=1)
Days = Annotated[int, Field(ge=0, le=DAYS_MAX)]


class Wanted(BaseModel):
    """Filters of the orders to show, as in the address of the list; None stands for all."""

    state: Annotated[str, Field(pattern=STATE)] = WAITING
    budget: Annotated[Text | None, NOTHING] = None
    due_from: Annotated[Day | None, NOTHING] = None
    due_until: Annotated[Day | None, NOTHING] = None
    older_than_days: Annotated[Days | None, NOTHING] = None

    @property
    def asked(self) -> dict[str, str | None]:
        """The same as it stands in an address."""
        named = self.model_dump(mode="json", include=set(Wanted.model_fields))
        asked = {name: None if each is None else str(each) for name, each in named.items()}
        return asked | ({"state": None} if self.state == WAITING else {})

    @property
    def narrowed(self) -> bool:
        """True if anything but the state is asked for."""
        return any(each for name, each in self.asked.items() if name != "state")

    @property
    def cleared_href(self) -> Verbatim:
        """The list with all else taken away but the state."""
        return Wanted(state=self.state).href

    @property
    def href(self) -> Verbatim:
        """Address of their list."""
        return address("orders", **self.asked)

    def in_state(self, state: str) -> Verbatim:
        """The list with all else as it is, and this state."""
        return self.model_copy(update={"state": state}).href

    def filter(self, today: date, *, any_state: bool = False) -> OrderFilter:
        """The same as a question; with `any_state` of orders in every state."""
        days = self.older_than_days
        return OrderFilter(
            budget=self.budget,
            states=None if any_state else self._states,
            due_from=self.due_from,
            due_until=self.due_until,
            issued_until=None if days is None else today - timedelta(days=days),
        )

    @property
    def _states(self) -> Sequence[str] | None:
        if self.state == ALL:
            return None
        return OPEN_STATES if self.state == WAITING else (self.state,)


class Tab(NamedTuple):
    """One state, with how many are in it and what they come to."""

    state: str
    text: Translatable
    orders: int
    total_cents: int


def overdue(today: date, budget: str | None = None) -> Verbatim:
    """The orders that wait and should have been paid."""
    return Wanted(budget=budget, due_until=today - ONE_DAY).href


def waiting_view(
    waiting: Waiting, today: date, locale: LocaleFormat, budget: str | None = None
) -> list[Fact]:
    """The orders that wait, in four figures; each leads to the orders that it counts."""

    def fact(label: Translatable, counted: Counted, href: str, *, late: bool = False) -> Fact:
        text = locale.counted(texts.ORDERS, counted.count)
        if not counted.count:
            return Fact(locale.say(label), text)
        return Fact(locale.say(label), text, locale.money(counted.left_cents), href, late=late)

    oldest, label = waiting.oldest, locale.say(_("The oldest"))
    if oldest is None:
        last = Fact(label, locale.say(_("none")))
    else:
        age = locale.days_away(oldest.issued_on, today)
        issued = locale.say(_("issued {age}"), age=age)
        href = order_href(oldest.budget, oldest.payment_order)
        last = Fact(label, oldest.payment_order, issued, href, name=True)
    soon = Wanted(budget=budget, due_from=today, due_until=today + NEXT_DAYS)
    return [
        fact(_("Waiting"), waiting.all, Wanted(budget=budget).href),
        fact(_("Due within 60 days"), waiting.due_soon, soon.href),
        fact(_("Overdue"), waiting.overdue, overdue(today, budget), late=True),
        last,
    ]


def state_tabs(found: Mapping[str, InState]) -> list[Tab]:
    """The filter by state: of open ones what is still to be paid, of others what they came to."""
    still = [found[state] for state in OPEN_STATES if state in found]
    left_cents = sum(each.left_cents for each in still)
    tabs = [Tab(WAITING, _("Waiting"), sum(each.count for each in still), left_cents)]
    for state, text in ORDER_STATES.items():
        each = found.get(state, InState(0, 0, 0))
        cents = each.left_cents if state in OPEN_STATES else each.amount_cents
        tabs.append(Tab(state, text, each.count, cents))
    count = sum(each.count for each in found.values())
    cents = sum(each.amount_cents for each in found.values())
    return [*tabs, Tab(ALL, _("All"), count, cents)]
