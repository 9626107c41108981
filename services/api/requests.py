"""Language and address of a request: in which to answer it, and where to ask it again.

Apart from `problems`, which answers in that language, and from the gate, which leads back there.
"""

from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection

from services.texts.language import Language

LANGUAGE_COOKIE: Final = "ecluse_lang"
"""Cookie of the console's language switch."""

LANGUAGE_PARAMETER: Final = "lang"
"""Parameter of an address that asks for a language."""

HEADER_CHARACTERS_MAX: Final = 1000
"""Characters of `Accept-Language` that are parsed."""


def language_of(request: HTTPConnection) -> Language:
    """The language of the address, else of the console's switch, else of the header."""
    for text in (
        request.query_params.get(LANGUAGE_PARAMETER),
        request.cookies.get(LANGUAGE_COOKIE),
    ):
        if text in set(Language):
            return Language(text)
    return parse_accept_language(request.headers.get("accept-language", ""))


def parse_accept_language(header: str) -> Language:
    """Language that `Accept-Language` prefers, French or English; French where it names neither.

    The users are French administrations; whoever reads English says so (RFC 9110, 12.5.4).
    """
    weights: dict[str, int] = {}
    for part in header[:HEADER_CHARACTERS_MAX].split(","):
        name, _, parameters = part.strip().lower().partition(";")
        weights.setdefault(name.strip().partition("-")[0], _thousandths(parameters))
    other = weights.get("*", 0)
    french, english = weights.get("fr", other), weights.get("en", other)
    return Language.EN if english > french else Language.FR


def _thousandths(parameters: str) -> int:
    """The weight of a language in thousandths; 1000 where none is given, 0 where it is nonsense."""
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1000
    whole, _, rest = value.strip().partition(".")
    digits = whole + (rest + "000")[:3]
    if name.strip() != "q" or not (digits.isascii() and digits.isdigit()):
        return 0
    return min(int(digits), 1000)


KEPT: Final = "/%:@!$&'()*+,;="
"""Signs that stay as they came: those of a path (RFC 3986, 3.3), and what was quoted already."""


def own_address(request: HTTPConnection, **parameters: str) -> str:
    """Path and query of a request with these parameters, from the root of wherever we are reached.

    The path is that which came, not the one that was read: a reference in it may hold a quoted
    `?`, `#`, `%` or slash.
    """
    path = quote(request.scope["raw_path"], safe=KEPT)
    others = [each for each in request.query_params.multi_items() if each[0] not in parameters]
    query = urlencode([*others, *parameters.items()])
    return f"{path}?{query}" if query else path
