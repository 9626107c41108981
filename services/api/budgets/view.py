"""A budget: its name in words, its money as one bar. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from stdnum.fr import siret as siret_number

from events.texts import _
from services.api.budgets.balances import Stages
from services.api.budgets.query import Budget
from services.api.code_names import OFFICIAL, Names
from services.api.console.elements import (
    Bar,
    Figure,
    add_up,
    address,
    bar_of,
    figure,
    figure_href,
    figures_of,
)
from services.api.queries.figures import LINE_STAGES
from services.api.queries.rows import BudgetLine
from services.texts.locale_format import LocaleFormat

NAMED: Final = _("Year {year} – entity {entity}, budget {code}")
NAMED_MAIN: Final = _("Year {year} – entity {entity}, main budget")
NAMED_BY_CITY: Final = _("Year {year} – {entity}, {budget}")
NAMED_ENTITY: Final = _("Year {year} – {entity}, budget {code}")
NAMED_ENTITY_MAIN: Final = _("Year {year} – {entity}, main budget")
CLOSED: Final = _("closed {day}")
MAIN_CODE: Final = "00"


class Money(NamedTuple):
    """Money by stage: a bar, and its figures with the moves behind each."""

    bar: Bar
    figures: Sequence[Figure]


class BudgetView(NamedTuple):
    """A budget on the first page."""

    name: str
    href: str
    grants_href: str
    bar: Bar
    figures: Sequence[Figure]


def budget_name(budget: Budget, locale: LocaleFormat, names: Names = OFFICIAL) -> str:
    """The entity and year of a budget; by the city's names, where it gave any."""
    main, entity = budget.code == MAIN_CODE, names.entity(budget.entity)
    called = names.budget(budget.entity, budget.code)
    if entity is None:
        entity = siret_number.format(budget.entity, "\u00a0")
        named = NAMED_MAIN if main else NAMED
    elif called is None:
        named = NAMED_ENTITY_MAIN if main else NAMED_ENTITY
    else:
        named = NAMED_BY_CITY
    facts = {"entity": entity, "code": budget.code, "budget": called}
    name = locale.say(named, year=budget.fiscal_year, **facts)
    if budget.closed_on is None:
        return name
    return f"{name} ({locale.say(CLOSED, day=locale.day(budget.closed_on))})"


def budget_view(
    budget: Budget, chapters: Iterable[Stages], locale: LocaleFormat, names: Names = OFFICIAL
) -> BudgetView:
    """A budget with the money of all its lines added up."""
    return BudgetView(
        budget_name(budget, locale, names),
        address("budgets", budget.budget),
        address("grants", budget=budget.budget),
        *money(budget.budget, chapters, locale),
    )


def money(
    budget: str, rows: Iterable[Stages], locale: LocaleFormat, line: BudgetLine | None = None
) -> Money:
    """The money of a budget, or of one line of it: the sum of these rows."""
    found = list(rows)
    amounts = add_up(
        [(name, getattr(row, f"{name}_cents")) for name in LINE_STAGES] for row in found
    )
    appropriated = figure(
        "appropriated",
        sum(row.appropriated_cents for row in found),
        locale,
        figure_href(budget, "appropriated", line=line),
        drawn=False,
    )
    hrefs = {name: figure_href(budget, name, line=line) for name, _ in amounts}
    return Money(bar_of(amounts, locale), [appropriated, *figures_of(amounts, locale, hrefs)])


def budget_names(
    budgets: Iterable[Budget], here: str | None, locale: LocaleFormat, names: Names = OFFICIAL
) -> dict[str, str]:
    """The names of budgets, for a filter by them; the one that is asked for is among them."""
    found = {each.budget: budget_name(each, locale, names) for each in budgets}
    return found if here is None else {**found, here: found.get(here, here)}
