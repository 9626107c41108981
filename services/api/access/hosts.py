"""By which names the server is asked. Pure.

Where access is not checked the name is the only lock: a page from anywhere whose name is bound anew
to 127.0.0.1 is of the same origin as we are, for the browser, and would read and publish (DNS
rebinding). A browser cannot be made to lie about the name that it asks.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from events.sentences import Sentence
from services.api.problems import Kind

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this very machine."""

ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 # only compared
"""Bound so, the server is asked at every address that the machine has."""

HOST_UNKNOWN: Final = Kind(
    "host_unknown",
    421,
    Sentence("Adressé à un autre", "Meant for another server"),
    Sentence(
        "L'accès n'est pas contrôlé (ECLUSE_AUTH=off), et ce serveur ne répond pas sous le nom par "
        "lequel il est demandé.",
        "Access is not checked (ECLUSE_AUTH=off), and this server does not answer to the name by "
        "which it is asked.",
    ),
    Sentence(
        "Ouvrez http://localhost ou http://127.0.0.1 avec son port\u00a0; l'opérateur nomme "
        "d'autres adresses par ECLUSE_API_URLS.",
        "Open http://localhost or http://127.0.0.1 with its port; the operator names other "
        "addresses by ECLUSE_API_URLS.",
    ),
)


def name_in(address: str) -> str | None:
    """The name in the address of a page, or in a header `Host` behind `//`; None: there is none."""
    try:
        found = urlsplit(address).hostname
    except ValueError:
        return None
    return found.rstrip(".") if found else None


def answers_to(host: str, hosts: frozenset[str]) -> bool:
    """True if a server of these names is meant by the header `Host`, or a server of any address.

    What is no name but an address cannot be bound anew.
    """
    name = name_in(f"//{host}")
    if name is None or "@" in host or "/" in host:
        return False
    if name in hosts:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return bool(hosts & ANY_ADDRESS)
