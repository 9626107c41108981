"""The payment orders that wait: in four figures and by state; which are asked for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from services.api.console.elements import Verbatim, address, capital, order_href
from services.api.console.texts import orders as texts
from services.api.orders.query import (
    NEXT_DAYS,
    OPEN_STATES,
    Counted,
    InState,
    OrderFilter,
    PaymentOrder,
    Waiting,
)
from services.api.orders.view import Fact
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import LocaleFormat

WAITING: Final = "waiting"
"""The filter that stands for all open states: what the page shows first."""

ALL: Final = "all"
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the orders to show; None stands for all."""

    state: str = WAITING
    budget: str | None = None
    due_from: date | None = None
    due_until: date | None = None
    older_than_days: int | None = None

    @property
    def narrowed(self) -> bool:
        """True if anything but the state is asked for."""
        return any(each is not None for each in self._more.values())

    @property
    def _more(self) -> dict[str, str | None]:
        days = self.older_than_days
        return {
            "budget": self.budget,
            "due_from": None if self.due_from is None else self.due_from.isoformat(),
            "due_until": None if self.due_until is None else self.due_until.isoformat(),
            "older_than_days": None if days is None else str(days),
        }

    @property
    def asked(self) -> dict[str, str | None]:
        """The same as it stands in an address."""
        return {"state": None if self.state == WAITING else self.state, **self._more}

    @property
    def href(self) -> Verbatim:
        """Address of their list."""
        return address("orders", **self.asked)

    def in_state(self, state: str) -> Verbatim:
        """The list with all else as it is, and this state."""
        return replace(self, state=state).href

    def filter(self, today: date, states: Sequence[str] | None = None) -> OrderFilter:
        """The same as a question."""
        days = self.older_than_days
        return OrderFilter(
            budget=self.budget,
            states=states,
            due_from=self.due_from,
            due_until=self.due_until,
            issued_until=None if days is None else today - timedelta(days=days),
        )


@dataclass(frozen=True, slots=True)
class Tab:
    """One state, with how many are in it and what they come to."""

    href: str
    text: str
    count: str
    total: str
    here: bool


def states_of(asked: str) -> Sequence[str] | None:
    """The states that a filter stands for; None is all of them."""
    if asked == ALL:
        return None
    return OPEN_STATES if asked == WAITING else (asked,)


def overdue(today: date, budget: str | None = None) -> Verbatim:
    """The orders that wait and should have been paid."""
    return Wanted(budget=budget, due_until=today - ONE_DAY).href


def waiting_view(
    waiting: Waiting, today: date, locale: LocaleFormat, budget: str | None = None
) -> list[Fact]:
    """The orders that wait, in four figures; each leads to the orders that it counts."""

    def fact(name: str, counted: Counted, href: str) -> Fact:
        some = bool(counted.count)
        return Fact(
            locale.say(texts.TEXTS[name]),
            locale.counted(texts.ORDERS, counted.count),
            locale.money(counted.left_cents) if some else "",
            href if some else "",
            late=some and name == "overdue",
        )

    oldest, until = waiting.oldest, today + NEXT_DAYS
    soon = Wanted(budget=budget, due_from=today, due_until=until)
    return [
        fact("waiting", waiting.all, Wanted(budget=budget).href),
        fact("due_soon", waiting.due_soon, soon.href),
        fact("overdue", waiting.overdue, overdue(today, budget)),
        Fact(
            locale.say(texts.TEXTS["oldest"]),
            locale.say(texts.TEXTS["none_waits"]) if oldest is None else oldest.payment_order,
            "" if oldest is None else _issued_ago(oldest, today, locale),
            "" if oldest is None else order_href(oldest.budget, oldest.payment_order),
            name=oldest is not None,
        ),
    ]


def _issued_ago(order: PaymentOrder, today: date, locale: LocaleFormat) -> str:
    age = locale.days_away(order.issued_on, today)
    return locale.say(texts.TEXTS["issued_ago"], age=age)


def state_tabs(found: Mapping[str, InState], wanted: Wanted, locale: LocaleFormat) -> list[Tab]:
    """The filter by state: of open ones what is still to be paid, of others what they came to."""
    still = [found[state] for state in OPEN_STATES if state in found]
    tabs = [
        _tab(
            WAITING,
            locale.say(texts.TEXTS["still_waiting"]),
            sum(each.count for each in still),
            sum(each.left_cents for each in still),
            wanted,
            locale,
        )
    ]
    for state, text in ORDER_STATES.items():
        each = found.get(state, InState(0, 0, 0))
        cents = each.left_cents if state in OPEN_STATES else each.amount_cents
        tabs.append(_tab(state, capital(locale.say(text)), each.count, cents, wanted, locale))
    count = sum(each.count for each in found.values())
    cents = sum(each.amount_cents for each in found.values())
    return [*tabs, _tab(ALL, locale.say(texts.TEXTS["all_states"]), count, cents, wanted, locale)]


def _tab(
    state: str, text: str, count: int, cents: int, wanted: Wanted, locale: LocaleFormat
) -> Tab:
    return Tab(
        wanted.in_state(state),
        text,
        locale.number(count),
        locale.money(cents) if count else "",
        wanted.state == state,
    )
