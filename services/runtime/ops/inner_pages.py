"""Pages of an inner network, which ask nobody who he is: they answer only to names of it."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from events.texts import _
from services.runtime.ops.hosts import accepts_inner_host
from services.texts.translation import both

OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Probes may ask by any name: no figure stands there."""

HOST_UNKNOWN: Final = _(
    "This server does not answer to the name by which it is asked: ask by its address or by a "
    "name without a dot, or name it in ECLUSE_PAGE_HOSTS."
)


def host_filter(hosts: frozenset[str]) -> Any:
    """The middleware of aiohttp that refuses requests for another server, with 421."""

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in OPEN or accepts_inner_host(request.headers.get("Host", ""), hosts):
            return await handler(request)
        body = {"error": "host_unknown", "message": asdict(both(HOST_UNKNOWN))}
        return web.json_response(body, status=HTTPStatus.MISDIRECTED_REQUEST)

    return checked
