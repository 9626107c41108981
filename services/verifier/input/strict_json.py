"""JSON as the contract takes it (rules, 1), read by the standard library."""

import json
import math
import sys
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final, NoReturn

from services.verifier.records import Json

LEVELS_MAX: Final = 64
"""The deepest JSON."""

DIGITS_MAX: Final = 308
"""Of the numbers of so many digits the first is named, where one is beyond all range."""

TOKEN_MAX: Final = 60
POINTER_MAX: Final = 1000
"""The length up to which a reason repeats a name or a pointer."""

Path = tuple[str | int, ...]
"""The path to a value: names and indexes."""


class Unreadable(Exception):
    """A record is no event of the contract: the code, and where the first fault stands."""

    def __init__(self, code: str, path: Path | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.path = path

    @property
    def reason(self) -> str:
        """The reason as a dead letter gives it."""
        return self.code if self.path is None else f"{self.code}: {pointer(self.path)}"


def pointer(path: Path) -> str:
    """The JSON pointer (RFC 6901); of what no event has, its beginning."""
    spelled = ""
    for each in path:
        token = str(each)
        if len(token) > TOKEN_MAX:
            token = token[:TOKEN_MAX] + "…"
        spelled += "/" + token.replace("~", "~0").replace("/", "~1")
    return spelled if len(spelled) <= POINTER_MAX else spelled[:POINTER_MAX] + "…"


class _Beyond(Exception):
    """A number beyond all range: of an integer its digits, of another its size."""


_FAR: Final = object()
"""Stands for a number of so many digits, where one beyond all range is looked for."""


def read_object(raw: bytes) -> Json:
    """The object that these bytes are; Unreadable: `bad_json`, or a number beyond all range."""
    try:
        return _object(raw, _integer, _number)
    except _Beyond:
        found = _object(raw, _far, _far)
    raise Unreadable("invalid_value", next(at for at, each in walk_values(found) if each is _FAR))


def _object(raw: bytes, integer: Callable[[str], Any], number: Callable[[str], Any]) -> Json:
    try:
        found = json.loads(
            raw.decode(),
            object_pairs_hook=_each_key_once,
            parse_int=integer,
            parse_float=number,
            parse_constant=_no_constant,
        )
        # Half a character cannot be written.
        json.dumps(found, ensure_ascii=False, default=lambda _far: None).encode()
    except (ValueError, RecursionError) as error:
        raise Unreadable("bad_json") from error
    if not isinstance(found, dict) or _levels(found) > LEVELS_MAX:
        raise Unreadable("bad_json")
    return found


def walk_values(document: Json) -> Iterator[tuple[Path, Any]]:
    """Every value with its place, the outer ones first."""
    waiting: deque[tuple[Path, Any]] = deque([((), document)])
    while waiting:
        path, value = waiting.popleft()
        yield path, value
        if isinstance(value, dict | list):
            children = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += (((*path, name), child) for name, child in children)


def _levels(document: Json) -> int:
    return max(len(path) + isinstance(each, dict | list) for path, each in walk_values(document))


def _each_key_once(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key stands twice")
    return members


def _integer(spelled: str) -> int:
    if len(spelled.lstrip("-")) > sys.int_info.default_max_str_digits:
        raise _Beyond
    return int(spelled)


def _number(spelled: str) -> float:
    value = float(spelled)
    if math.isinf(value):
        raise _Beyond
    return value


def _far(spelled: str) -> object:
    try:
        return _FAR if Decimal(spelled).adjusted() >= DIGITS_MAX else None
    except ArithmeticError:
        return _FAR


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
