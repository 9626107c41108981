"""HTTP: the names by which a server is asked, and the answers of others within limits.

Where access is not checked the name is the only lock: a page from anywhere whose name is bound anew
to 127.0.0.1 is of the same origin as we are, for the browser, and would read and publish (DNS
rebinding). A browser cannot be made to lie about the name that it asks. The pages of an inner
network ask nobody who he is: they answer only to names of that network.
"""

from dataclasses import asdict
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from events.texts import _
from services.texts.translation import both

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.typedefs import Handler

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this very machine."""

ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 # only compared
"""Bound so, the server is asked at every address that the machine has."""


def name_in(address: str) -> str | None:
    """The name in the address of a page, or in a header `Host` behind `//`; None: there is none."""
    try:
        found = urlsplit(address).hostname
    except ValueError:
        return None
    return found.rstrip(".") if found else None


def accepts_host(host: str, hosts: frozenset[str]) -> bool:
    """True if a server of these names is meant by the header `Host`, or a server of any address.

    What is no name but an address cannot be bound anew.
    """
    name = _read_name(host)
    return name is not None and (name in hosts or (_is_address(name) and bool(hosts & ANY_ADDRESS)))


def accepts_inner_host(host: str, hosts: frozenset[str]) -> bool:
    """True if a server of these names, on an inner network, is meant by the header `Host`.

    It answers to any address too, and to any name without a dot, by which services of one network
    know each other: nobody sells such a name, but who is on the same network can answer to it
    (mDNS, LLMNR), and so can a domain that the machine appends when it searches.
    """
    name = _read_name(host)
    return name is not None and (name in hosts or "." not in name or _is_address(name))


def _read_name(host: str) -> str | None:
    """The name in a header `Host`; None: there is none, or more than a name and a port."""
    return None if "@" in host or "/" in host else name_in(f"//{host}")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Probes may ask by any name: no figure stands there."""

HOST_UNKNOWN: Final = _(
    "This server does not answer to the name by which it is asked: ask by its address or by a "
    "name without a dot, or name it in ECLUSE_PAGE_HOSTS."
)


def host_filter(hosts: frozenset[str]) -> Any:
    """The middleware of aiohttp that refuses requests for another server, with 421."""
    # Imported here: commands that read the names above do not wait for aiohttp.
    from aiohttp import web  # noqa: PLC0415

    @web.middleware
    async def check(request: web.Request, handler: "Handler") -> web.StreamResponse:
        if request.path in OPEN or accepts_inner_host(request.headers.get("Host", ""), hosts):
            return await handler(request)
        body = {"error": "host_unknown", "message": asdict(both(HOST_UNKNOWN))}
        return web.json_response(body, status=HTTPStatus.MISDIRECTED_REQUEST)

    return check


async def body_of(session: "aiohttp.ClientSession", address: str, bytes_max: int) -> bytes:
    """The body of the answer to a GET, which follows no redirect.

    Raises:
        ValueError: the status is not 200, or the body is larger than `bytes_max`.
        aiohttp.ClientError, TimeoutError, OSError: no answer, or none within the session's time.
    """
    async with session.get(address, allow_redirects=False) as answer:
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"HTTP {answer.status}")
        return await read_within(answer, bytes_max)


async def read_within(answer: "aiohttp.ClientResponse", bytes_max: int) -> bytes:
    """The body of an answer.

    Raises:
        ValueError: it is larger than `bytes_max`.
        aiohttp.ClientError, TimeoutError, OSError: it does not come, or not in time.
    """
    body = await answer.content.read(bytes_max + 1)
    while len(body) <= bytes_max and (more := await answer.content.read(65536)):
        body += more
    if len(body) > bytes_max:
        raise ValueError("too large")
    return body
