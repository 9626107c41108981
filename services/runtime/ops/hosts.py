"""By which names a server is asked. Pure.

Where access is not checked the name is the only lock: a page from anywhere whose name is bound anew
to 127.0.0.1 is of the same origin as we are, for the browser, and would read and publish (DNS
rebinding). A browser cannot be made to lie about the name that it asks.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

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
    name = _asked(host)
    return name is not None and (name in hosts or (_is_address(name) and bool(hosts & ANY_ADDRESS)))


def accepts_inner_host(host: str, hosts: frozenset[str]) -> bool:
    """True if a server of these names, on an inner network, is meant by the header `Host`.

    It answers to any address too, and to any name without a dot, by which services of one network
    know each other: nobody sells such a name, but who is on the same network can answer to it
    (mDNS, LLMNR), and so can a domain that the machine appends when it searches.
    """
    name = _asked(host)
    return name is not None and (name in hosts or "." not in name or _is_address(name))


def _asked(host: str) -> str | None:
    """The name in a header `Host`; None: there is none, or more than a name and a port."""
    return None if "@" in host or "/" in host else name_in(f"//{host}")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
