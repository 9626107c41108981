"""The address by which a request came, to be asked again. Pure."""

from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection

KEPT: Final = "/%:@!$&'()*+,;="
"""Signs that stay as they came: those of a path (RFC 3986, 3.3), and what was quoted already."""


def own_address(asked: HTTPConnection, **parameters: str) -> str:
    """Path and query of a request with these parameters, from the root of wherever we are reached.

    The path is that which came, not the one that was read: a reference in it may hold a quoted
    `?`, `#`, `%` or slash.
    """
    path = quote(asked.scope["raw_path"], safe=KEPT)
    others = [each for each in asked.query_params.multi_items() if each[0] not in parameters]
    query = urlencode([*others, *parameters.items()])
    return f"{path}?{query}" if query else path
