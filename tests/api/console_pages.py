"""The console's pages for a walk: its own routes name them, and each hole has its values here."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

import httpx
from fastapi.routing import APIRoute

from services.api.app import PAGES
from services.api.budgets.moves import STAGES_ASKED
from services.api.rejections.view import KINDS
from tests.api.environment import a_reader, an_app, asking
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
Look = Callable[[httpx.AsyncClient, str, str], Awaitable[Iterable[str]]]
PAGES_MIN, PAGES_MAX = 30, 2_000
"""As many as a whole console has at least, and at most."""

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
    "sequence": [str(number) for number in range(1, 10)],
    "siret": [OTHER_ESTABLISHMENT],
    "convention": [CONVENTION],
    "refused": ["9"],
    "parked": ["10"],
    "event_id": ["nobody"],
}
NOWHERE: Final[Values] = {**OF_ROUBAIX, "budget": ["13001653800014-00-2023"]}


def page_routes(method: str = "GET") -> list[Route]:
    """The routes of the console that give a page."""
    nothing: frozenset[str] = frozenset()
    return [
        Route(route.path.replace(":path", ""), nothing, nothing)
        for page in PAGES
        for route in page.routes
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


async def walk(
    url: str, look: Look, *, language: str = "en", first: Sequence[str] = ("/console/today",)
) -> int:
    """Open every page that a link leads to, once; how many.

    `look` is given the address and the text of each, and gives the links that it has.
    """
    waiting, seen = [*first], {*first}
    async with asking(an_app(a_reader(url)), language=language) as client:
        client.headers["accept"] = "text/html"
        client.follow_redirects = True
        while waiting:
            path = waiting.pop()
            answer = await client.get(path)
            assert 200 == answer.status_code, path
            for linked in await look(client, path, answer.text):
                href = linked.partition("#")[0]
                if is_followed(href) and href not in seen:
                    seen.add(href)
                    waiting.append(href)
            assert len(seen) < PAGES_MAX
    return len(seen)
