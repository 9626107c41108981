"""Every GET route that the API's own document names: none is listed by hand, none left out."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx

from services.api.adapters.read_model import open_read_model
from tests.api.environment import an_app

IN_PATH: Final = re.compile(r"{(\w+)}")
FORMAT: Final = "file_format"
OPEN: Final = frozenset({"/healthz", "/readyz", "/schemas", "/schemas/{type}", "/asyncapi.json"})
"""Addresses that need no key: health, and the published contract."""

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Route(NamedTuple):
    """An address with holes, and what may be asked of it."""

    path: str
    asked: frozenset[str]
    """Names in its query."""
    required: frozenset[str]

    @property
    def names_something(self) -> bool:
        """Whether a thing of somebody's is in its path: the format of a file is none."""
        return bool({*IN_PATH.findall(self.path)} - {FORMAT})

    @property
    def is_file(self) -> bool:
        return FORMAT in IN_PATH.findall(self.path)


@cache
def document_paths() -> dict[str, Any]:
    """The addresses of the OpenAPI document, made once: it takes a quarter of a second."""
    found: dict[str, Any] = an_app(open_read_model("sqlite://")).openapi()["paths"]
    # A stream goes on for minutes: it has tests of its own.
    return {path: methods for path, methods in found.items() if not _is_stream(methods)}


def _is_stream(methods: dict[str, Any]) -> bool:
    answers = methods.get("get", {}).get("responses", {}).get("200", {})
    return "text/event-stream" in answers.get("content", {})


TREASURY: Final = "/treasury/"
"""Addresses with tables and a right of their own: tests/api/test_treasury.py asks them."""


def get_routes() -> list[Route]:
    """The GET routes of the OpenAPI document that answer from the read model."""
    found = []
    for path, methods in document_paths().items():
        if "get" in methods and not path.startswith(TREASURY):
            text = [each for each in methods["get"].get("parameters", ()) if each["in"] == "query"]
            names = frozenset(each["name"] for each in text)
            required = frozenset(each["name"] for each in text if each.get("required"))
            found.append(Route(path, names, required))
    return found


def filled(route: Route, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The route with these values in its holes, and in what it must be asked.

    Raises:
        KeyError: there is none of a name: the route is new, and wants one here.
    """
    names = IN_PATH.findall(route.path)
    must = sorted(route.required)
    for combination in product(*(values[name] for name in (*names, *must))):
        chosen = dict(zip((*names, *must), combination, strict=True))
        parts = {name: quote(chosen[name], safe="") for name in names}
        yield with_query(route.path.format_map(parts), {name: chosen[name] for name in must})


def with_query(path: str, asked: Mapping[str, str]) -> str:
    """The address with this in its query too."""
    if not asked:
        return path
    return f"{path}{'&' if '?' in path else '?'}{httpx.QueryParams(dict(asked))}"


def shown(answer: httpx.Response) -> str:
    """All the text of an answer, out of a spreadsheet too."""
    if answer.headers.get("content-type") != XLSX:
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist())
