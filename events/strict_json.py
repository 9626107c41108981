"""JSON as the contract has it: read strictly, and spelled canonically where a digest is taken."""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

import msgspec

from events.texts import Translatable, _
from events.unreadable import Reason, Unreadable, json_fault

NESTING_MAX = 64
"""The deepest JSON: far beyond any event, far below any parser's stack."""

NUMBER_EXPONENT_MAX = 308
"""The parser's own limit for numbers: about as many digits."""

TOKEN_MAX = 60
"""The characters of a member's name that a reason repeats."""

POINTER_MAX = 1000
"""The characters of a pointer that a reason repeats: far below what a header holds."""

NULL_CHARACTER = _("the character U+0000")

OUT_OF_RANGE = _("a number out of all range")

_parse_json = msgspec.json.Decoder().decode
_print_json = msgspec.json.Encoder().encode


class Fault(Exception):
    """Carries an `Unreadable` out of nested reading; never leaves the codec."""

    def __init__(self, unreadable: Unreadable) -> None:
        super().__init__(unreadable.reason)
        self.unreadable = unreadable


def json_object(raw: bytes) -> dict[str, Any]:
    """Read strict JSON: UTF-8, an object, no duplicate key, no deep nesting.

    Raises:
        Fault: it is none.
    """
    try:
        message = _parse_json(raw)
    except msgspec.ValidationError:
        _reject_numbers_out_of_range(raw)
    except (ValueError, RecursionError) as error:
        fail(Reason.BAD_JSON, None, json_fault(str(error)))
    checked = _check_shape(message, raw)
    # Printing again what was parsed shows that no key was repeated: four times cheaper than
    # asking the parser for pairs, which is left for those who write JSON in another way.
    if _print_json(checked) != raw:
        json.loads(raw, object_pairs_hook=_unique)
    return checked


def _check_shape(message: Any, raw: bytes) -> dict[str, Any]:
    if not isinstance(message, dict):
        fail(
            Reason.BAD_JSON,
            None,
            _("the document is not an object"),
        )
    # Counting brackets bounds the depth from above, at the price of two scans in C.
    if raw.count(b"{") + raw.count(b"[") > NESTING_MAX and _nesting(message) > NESTING_MAX:
        fail(
            Reason.BAD_JSON,
            None,
            _("more than {levels} levels").render({"levels": NESTING_MAX}),
        )
    return message


def _nesting(message: Any) -> int:
    deepest = 0
    waiting = [(message, 1)]
    while waiting:
        value, depth = waiting.pop()
        children: Iterable[Any] = value.values() if isinstance(value, dict) else value
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in children if isinstance(child, dict | list))
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        fail(
            Reason.BAD_JSON,
            None,
            _("a key stands twice in an object"),
        )
    return members


class _Place(NamedTuple):
    """A value and where it stands: pointers are spelled only when one is at fault."""

    value: Any
    parent: "_Place | None"
    token: str | int

    def pointer(self) -> str:
        tokens = []
        place = self
        while place.parent is not None:
            tokens.append(token_of(place.token))
            place = place.parent
        return pointer_of(reversed(tokens))


def _places(message: Any) -> Iterator[_Place]:
    """Every value of a document, the outer ones first."""
    waiting = deque([_Place(message, None, "")])
    while waiting:
        place = waiting.popleft()
        yield place
        if isinstance(place.value, dict):
            waiting.extend(_Place(each, place, name) for name, each in place.value.items())
        elif isinstance(place.value, list):
            waiting.extend(_Place(each, place, index) for index, each in enumerate(place.value))


def reject_null_characters(message: dict[str, Any]) -> None:
    """Refuse a document that has U+0000 in a string or in a name.

    Raises:
        Fault: it has; the place of the first.
    """
    for place in _places(message):
        names = place.value if isinstance(place.value, dict) else ()
        text = place.value if isinstance(place.value, str) else ""
        if "\0" in text or any("\0" in name for name in names):
            fail(Reason.INVALID_VALUE, place.pointer(), NULL_CHARACTER)


class _Beyond:
    """Stands in for a number that no parser keeps."""


def _reject_numbers_out_of_range(raw: bytes) -> NoReturn:
    """JSON knows no limit for numbers; nothing in the contract comes near the parser's own."""

    def keep_number(text: str) -> _Beyond | None:
        try:
            far = Decimal(text).adjusted() >= NUMBER_EXPONENT_MAX
        except ArithmeticError:
            far = True
        return _Beyond() if far else None

    try:
        message = json.loads(
            raw,
            parse_int=keep_number,
            parse_float=keep_number,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
        # What cannot be printed holds half a character.
        msgspec.json.encode(message, enc_hook=lambda _beyond: None)
    except (ValueError, RecursionError) as error:
        fail(Reason.BAD_JSON, None, json_fault(str(error)))
    _check_shape(message, raw)
    pointer = next(each.pointer() for each in _places(message) if isinstance(each.value, _Beyond))
    fail(Reason.INVALID_VALUE, pointer, OUT_OF_RANGE)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def pointer_of(tokens: Iterable[str]) -> str:
    """The JSON pointer of these steps; of one too long to repeat, its beginning."""
    pointer = "".join(tokens)
    return pointer if len(pointer) <= POINTER_MAX else pointer[:POINTER_MAX] + "…"


def token_of(name: str | int) -> str:
    """One step of a JSON pointer (RFC 6901); of a name that no event has, its beginning."""
    text = str(name)
    if len(text) > TOKEN_MAX:
        text = text[:TOKEN_MAX] + "…"
    return "/" + text.replace("~", "~0").replace("/", "~1")


def fail(code: Reason, pointer: str | None, detail: Translatable) -> NoReturn:
    """Refuse a record.

    Raises:
        Fault: always.
    """
    raise Fault(Unreadable(code, pointer, detail))


_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """The one spelling of `value` in JSON, whoever wrote it."""
    return _encode(value)


def drop_nulls(value: Any) -> Any:
    """`value` with every null member left out: an explicit null says what absence says."""
    if isinstance(value, dict):
        return {name: drop_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [drop_nulls(each) for each in value]
    return value
