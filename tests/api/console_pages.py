"""The console's pages for a walk: its own routes name them, and each hole has its values here."""

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi.routing import APIRoute

from services.api.app import PAGES
from services.api.balances.moves import STAGES_ASKED
from services.api.rejections.view import KINDS
from tests.api.reads.two_entities import CONVENTION, GRANT, LILLE_BUDGET, ROUBAIX_BUDGET
from tests.api.reads.walking import Route, filled
from tests.builders import OTHER_ESTABLISHMENT, SIRET

NO_PAGES: Final = frozenset(
    {
        "/docs",  # of the API, for anybody, as the next
        "/docs/start.js",
        "/console",  # leads to Today
        "/console/",
        "/console/help",  # for anybody, of nobody: test_console_help.py
        "/console/help/{name}",
        "/console/budgets",  # leads to the only budget: test_console_budgets.py asks it
        "/console/lag",  # of all entities: test_lag.py asks it, also by who may not
        "/console/lag/live",  # a stream, as the next
        "/console/today/live",
        "/console/live",  # a stream; it says that something has come, and nothing of what
        "/console/login",
        "/console/login/provider",
        "/console/login/callback",
        "/console/logout",
        "/console/static/{name}",
        "/console/reviews/{chain}/{sequence}",  # leads back to the list
        # Of unreadable records, which are of no entity: test_redrive.py
        "/console/send/dead-letter/{chain}/{sequence}",
        "/console/redrive/{chain}/{sequence}",
        "/console/troubles",  # leads to the first of the lists
        "/docs/events",  # the topics, for anybody: test_topics_page.py
        # The treasury has tables of its own, and none here: test_treasury.py
        "/console/treasury",
        "/console/treasury/slips",
        "/console/treasury/slips/{slip_id}",
        "/console/treasury/returns",
        "/console/treasury/findings",
        "/console/treasury/reconciliation",
        "/console/treasury/confirmations",
        "/console/treasury/findings/{finding_id}",
    }
)

Values = Mapping[str, Sequence[str]]

OF_ALL: Final = {"stage": sorted(STAGES_ASKED), "kind": KINDS}
OF_LILLE: Final[Values] = {
    **OF_ALL,
    "budget": [LILLE_BUDGET],
    "grant": ["G"],
    "reference": ["C/advance"],
    "sequence": [str(number) for number in range(1, 8)],
    "siret": [SIRET],
    "convention": ["C"],
    "refused": ["6"],
    "parked": ["7"],
    "event_id": ["nobody"],
}
OF_ROUBAIX: Final[Values] = {
    **OF_ALL,
    "budget": [ROUBAIX_BUDGET],
    "grant": [GRANT],
    "reference": [f"{CONVENTION}/advance"],
    "sequence": [str(number) for number in range(1, 9)],
    "siret": [OTHER_ESTABLISHMENT],
    "convention": [CONVENTION],
    "refused": ["8"],
    "parked": ["9"],
    "event_id": ["nobody"],
}
NOWHERE: Final[Values] = {**OF_ROUBAIX, "budget": ["13001653800014-00-2023"]}


def page_routes(method: str = "GET") -> list[Route]:
    """The routes of the console that give a page."""
    nothing: frozenset[str] = frozenset()
    return [
        Route(route.path.replace(":path", ""), nothing, nothing)
        for page in PAGES
        for route in page.router.routes
        if isinstance(route, APIRoute)
        and method in (route.methods or ())
        and route.path not in NO_PAGES
    ]


def addresses(values: Values, *, named: bool = False) -> list[str]:
    """The pages of whoever has these values; with `named` those alone that name a budget."""
    return [
        path
        for route in page_routes()
        if not named or "{budget}" in route.path
        for path in filled(route, values)
    ]


def is_followed(href: str) -> bool:
    """True where a walk goes: a list is sorted in each order, and not with each of its filters."""
    path, _, query = href.partition("?")
    combined = "sort=" in query and "&" in query
    is_page = href.startswith("/console/") and "lang=" not in href
    return path.endswith(".csv") or (is_page and not combined)
