"""Reasons for which a record is not an event of the contract, with their sentences."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from events.texts import Translatable, _, pgettext, verbatim
from events.values import CARRIED_NAME, DEAD_CHAIN, LINES, PRINTED, WITHOUT_SLASH


class Reason(StrEnum):
    """The reasons of dead letters; the value is the stable code."""

    TOO_LARGE = "too_large"
    WRONG_PARTITION = "wrong_partition"
    BAD_JSON = "bad_json"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    INVALID_VALUE = "invalid_value"
    WRONG_PARTITION_KEY = "wrong_partition_key"
    # Our own decoder failed. The record is kept apart and the error logged: never a lost record.
    UNDECODABLE = "undecodable"
    # An operator quarantined the record, because it stopped its partition.
    QUARANTINED = "quarantined"


WHY_MAX = 1000
"""The characters of an operator's reason that a notice repeats; the journal has them all."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is not an event of the contract: the code, where, and why."""

    code: Reason
    pointer: str | None
    detail: Translatable

    @classmethod
    def too_large(cls, length_bytes: int, limit_mib: int = 1) -> "Unreadable":
        """A record over the limit of its source kind.

        The one fault that is found without reading.
        """
        size = _("{limit_mib} MiB ({length_bytes} bytes)")
        facts = {"limit_mib": limit_mib, "length_bytes": length_bytes}
        return cls(Reason.TOO_LARGE, None, size.render(facts))

    @classmethod
    def wrong_partition(cls, actual: int, expected: int) -> "Unreadable":
        """A readable event where its budget does not belong (rules, 37)."""
        place = _("{found} instead of {expected}")
        facts = {"found": actual, "expected": expected}
        return cls(Reason.WRONG_PARTITION, None, place.render(facts))

    @classmethod
    def quarantine(cls, why: str) -> "Unreadable":
        """A record that an operator quarantined, with the reason given."""
        shown = why if len(why) <= WHY_MAX else why[:WHY_MAX] + "…"
        return cls(Reason.QUARANTINED, None, verbatim(shown))

    @property
    def reason(self) -> str:
        """The reason as a dead letter carries it: `<code>: <JSON pointer>`, or the code alone."""
        return self.code.value if self.pointer is None else f"{self.code.value}: {self.pointer}"


SENTENCES: dict[Reason, Translatable] = {
    Reason.TOO_LARGE: _("The event is over {detail}: split it into several events."),
    Reason.WRONG_PARTITION: _(
        "The event is on the wrong partition ({detail}): set partitioner=murmur2_random in the "
        "client."
    ),
    Reason.BAD_JSON: _(
        "This is not a strict JSON object in UTF-8: {detail}. Correct the program that sends it."
    ),
    Reason.UNKNOWN_TYPE: _(
        "Unknown event type at {pointer}: {detail}. Take a type that /schemas lists "
        "(folder schemas/)."
    ),
    Reason.UNKNOWN_FIELD: _("Unknown field at {pointer}: {detail}. Remove it or correct its name."),
    Reason.MISSING_FIELD: _("A required field is missing at {pointer}: {detail}."),
    Reason.INVALID_VALUE: _(
        "Value not allowed at {pointer} ({detail}). Correct the event and send it again."
    ),
    Reason.WRONG_PARTITION_KEY: _(
        "The partition key must be the event's budget ({pointer}: {detail})."
    ),
    Reason.UNDECODABLE: _(
        "Écluse failed to read this event ({detail}): report it, the fault is Écluse's."
    ),
    Reason.QUARANTINED: _(
        "An operator set this event aside ({detail}). Nothing was decided from it: ask whether "
        "it will be redriven."
    ),
}
"""The sentence for the sender, by reason."""


PATTERNS: dict[str, Translatable] = {
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": _("a date like 2023-04-12"),
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$": _("an instant like 2023-04-12T20:00:00+02:00"),
    PRINTED: _("a reference or a name, without control or direction characters"),
    LINES: _("text without control or direction characters; it may have several lines"),
    WITHOUT_SLASH: _("a reference without a slash, control or direction characters"),
    CARRIED_NAME: _("an instalment, or a grant and its instalment joined by a slash"),
    r"^[0-9]{14}$": _("14 digits"),
    r"^[0-9]{14}-[0-9A-Za-z]{1,10}-(19|20|21)[0-9]{2}$": _("a budget like 21590350100017-00-2023"),
    DEAD_CHAIN: _("a chain of dead letters like _dead.0"),
    r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$": _("an IBAN in capitals without spaces"),
    r"^[A-Z0-9]{8}([A-Z0-9]{3})?$": _("a BIC of 8 or 11 characters in capitals"),
}
"""The formats of `events/values.py`, as people say them: nobody should have to read a pattern."""

NAME_MAX = 60
"""The characters of an unknown type that are repeated: it may be as long as the event."""


_NO_DAY = _("there is no such day")
_NO_INSTANT = _("there is no such instant")
_A_DAY = _("a date without a time is expected")
_AN_INSTANT = _("a date with its time is expected")
_AN_OFFSET = _("it must have its offset, like +02:00")

DETAILS: dict[str, Translatable] = {
    "missing": _("add it"),
    "string_type": _("a string is expected"),
    "int_type": _("an integer is expected"),
    "bool_type": _("true or false is expected"),
    "tuple_type": _("a list is expected"),
    "model_type": _("an object is expected"),
    "literal_error": _("it must be {expected}"),
    "too_short": _("the list is empty"),
    "too_long": _("more than {max_length} items"),
    "string_too_short": _("the string is empty"),
    "string_too_long": _("more than {max_length} characters"),
    "string_pattern_mismatch": _("it must be {pattern}"),
    "greater_than_equal": _("the minimum is {ge}"),
    "less_than_equal": _("the maximum is {le}"),
    "date_type": _A_DAY,
    "date_parsing": _NO_DAY,
    "date_from_datetime_parsing": _NO_DAY,
    "date_from_datetime_inexact": _A_DAY,
    "datetime_type": _AN_INSTANT,
    "datetime_parsing": _NO_INSTANT,
    "datetime_from_date_parsing": _NO_INSTANT,
    "datetime_object_invalid": _NO_INSTANT,
    "timezone_aware": _AN_OFFSET,
    "timezone_offset": _AN_OFFSET,
    "unknown_type": _("“{name}” is not in the contract"),
    "extra_forbidden": _("the contract has no field of that name here"),
}
"""The fault of a value, by pydantic's error type."""

OTHER_DETAIL = pgettext("in English", "{error}")
OTHER_PATTERN = _("the format {pattern}")
ONE_OF = _("{others} or {last}")


def fault_detail(error_type: str, facts: Mapping[str, object]) -> Translatable:
    """A fault that pydantic found; its facts are patterns and English, put for people."""
    shown = dict(facts)
    if "pattern" in facts:
        pattern = str(facts["pattern"])
        shown["pattern"] = PATTERNS.get(pattern, OTHER_PATTERN.render({"pattern": pattern}))
    others, _or, last = str(facts.get("expected", "")).rpartition(" or ")
    if others:
        shown["expected"] = ONE_OF.render({"others": others, "last": last})
    if len(name := str(facts.get("name", ""))) > NAME_MAX:
        shown["name"] = name[:NAME_MAX] + "…"
    return DETAILS.get(error_type, OTHER_DETAIL).render(shown)


JSON_FAULTS: dict[str, Translatable] = {
    "Input data was truncated": _("the document ends too early"),
    "JSON is malformed: trailing characters": _("text follows the end of the object"),
    "JSON is malformed: trailing comma": _("a comma too many"),
    "JSON is malformed: object keys must be strings": _("a key is not a string in double quotes"),
    "JSON is malformed: invalid number": _("a number is badly written"),
    "JSON is malformed: invalid utf-16 surrogate pair": _("half of a character is missing"),
    "JSON is malformed: invalid escape": _("the backslash is misused"),
    "JSON is malformed: expected": _("a punctuation mark is missing"),
    "JSON is malformed: invalid character": _("a character is out of place"),
    "'utf-8' codec can't decode": _("a byte is not UTF-8"),
    "maximum recursion depth": _("too many objects inside each other"),
}
"""Faults of JSON, by the beginning of the parser's message."""

OTHER_JSON_FAULT = _("wrong syntax")

# For bad UTF-8 the parser gives the offset inside a string, which would mislead: it is left out.
_BYTE = re.compile(r"\(byte ([0-9]+)\)$")


BORROWED_NAME = _("only the ledger speaks under this name: put your application's")


def name_reserved_source(fault: Unreadable | None = None) -> Unreadable:
    """The first fault of a record that bears the ledger's `source`; `fault` is another one."""
    if fault is not None and fault.pointer in ("/specversion", "/id"):
        return fault  # Their fields come before the source.
    return Unreadable(Reason.INVALID_VALUE, "/source", BORROWED_NAME)


def json_fault(message: str) -> Translatable:
    """The sentence for a message of the JSON parser, with the byte where it stopped."""
    found = (sentence for start, sentence in JSON_FAULTS.items() if message.startswith(start))
    sentence = next(found, OTHER_JSON_FAULT)
    place = _BYTE.search(message)
    if place is None:
        return sentence
    return _("{fault} (byte {byte})").render({"fault": sentence, "byte": place[1]})


def explain(unreadable: Unreadable) -> Translatable:
    """The sentence for one record: what is wrong, where, and what to do."""
    sentence, where, detail = SENTENCES[unreadable.code], unreadable.pointer, unreadable.detail
    # An empty pointer is the whole document: nobody would see it.
    pointer = _("the top of the document") if where == "" else where
    return sentence.render({"pointer": pointer, "detail": detail})
