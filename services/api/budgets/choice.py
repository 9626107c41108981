"""The budgets of a filter: the newest ones, and that there are others."""

from typing import Any, Final

from events.texts import _
from services.api.budgets import query as budgets
from services.api.budgets.view import budget_names
from services.api.console.page_context import Visit

BUDGETS_CHOSEN: Final = 200
"""Budgets in a filter: the page Budgets has all."""

OLDER: Final = _("… older ones: under Budgets")


async def budget_choice(visit: Visit, here: str | None) -> dict[str, Any]:
    """The budgets of a page's filter: the newest first; the one asked for is among them."""
    known = await budgets.newest_first(visit.connection, visit.entities, BUDGETS_CHOSEN + 1)
    shown = known[:BUDGETS_CHOSEN]
    return {
        "budgets": budget_names(shown, here, visit.locale, visit.names),
        "older_budgets": visit.locale.say(OLDER) if len(known) > len(shown) else None,
    }
