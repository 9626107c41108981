"""Bad input outside of `data`: bytes that are no JSON, envelopes that say too little (rule 1)."""

import json
from typing import Any, NamedTuple

from events.codec import EVENT_BYTES_MAX
from events.strict_json import NESTING_MAX
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_deadline,
    a_notification,
    a_payment,
    a_rejected_report,
    a_review,
    a_vote,
    an_award,
    encoded,
)

MEBIBYTE = EVENT_BYTES_MAX
AMOUNT = 12_345
"""An amount that stands once in an event, to be replaced by another spelling."""

OTHER_BUDGET = "21590350100017-01-2023"


class Bad(NamedTuple):
    """One case: what is wrong, in words; the bytes; the reason of the dead letter."""

    name: str
    value: bytes
    reason: str


def bad(name: str, event: Json, reason: str) -> Bad:
    return Bad(name, encoded(event), reason)


def invalid(name: str, event: Json, pointer: str) -> Bad:
    return bad(name, event, f"invalid_value: /data/{pointer}")


def with_attribute(json_text: bytes, name: bytes = b'"comment"') -> bytes:
    """A good vote with one more attribute, spelled as given."""
    return encoded(a_vote())[:-1] + b"," + name + b":" + json_text + b"}"


def nested(levels: int) -> bytes:
    """A good vote whose deepest value stands `levels` deep."""
    return with_attribute(b"[" * (levels - 1) + b"]" * (levels - 1))


def padded(length: int, event: Json | None = None) -> bytes:
    """A good event, as long as asked: spaces mean nothing in JSON."""
    value = encoded(event or a_vote())
    return value[:-1] + b" " * (length - len(value)) + b"}"


def amount_spelled(spelling: bytes) -> bytes:
    """A payment whose amount is spelled as given."""
    return encoded(a_payment(AMOUNT, _id="payment")).replace(str(AMOUNT).encode(), spelling)


def without(event: Json, path: str) -> Json:
    """The event without the member at `path`, such as `data/act/date`."""
    *parents, last = path.split("/")
    place: Any = event
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    del place[last]
    return event


BYTES = [
    Bad("nothing at all", b"", "bad_json"),
    Bad("only a space", b" ", "bad_json"),
    Bad("text that is no JSON", b"bonjour", "bad_json"),
    Bad("an object that is cut off", encoded(a_vote())[:-1], "bad_json"),
    Bad("something behind the object", encoded(a_vote()) + b"x", "bad_json"),
    Bad("two events in one record", encoded(a_vote()) * 2, "bad_json"),
    Bad("a comma too many", encoded(a_vote())[:-1] + b",}", "bad_json"),
    Bad("single quotes", encoded(a_vote()).replace(b'"', b"'"), "bad_json"),
    Bad("a byte that is no UTF-8", with_attribute(b'"\xff"'), "bad_json"),
    Bad("Latin-1", with_attribute('"délibération"'.encode("latin-1")), "bad_json"),
    Bad("UTF-16", encoded(a_vote()).decode().encode("utf-16"), "bad_json"),
    Bad("a byte order mark", b"\xef\xbb\xbf" + encoded(a_vote()), "bad_json"),
    Bad("a NUL byte in a string", with_attribute(b'"a\0b"'), "bad_json"),
    Bad("a line break in a string", with_attribute(b'"a\nb"'), "bad_json"),
    Bad("a high surrogate alone", with_attribute(b'"\\ud83d"'), "bad_json"),
    Bad("a low surrogate alone", with_attribute(b'"\\ude00 a"'), "bad_json"),
    Bad("surrogates in the wrong order", with_attribute(b'"\\ude00\\ud83d"'), "bad_json"),
    Bad("a surrogate alone in a name", with_attribute(b"1", b'"\\ud83d"'), "bad_json"),
    Bad("a surrogate in the bytes", with_attribute(b'"\xed\xa0\xbd"'), "bad_json"),
    Bad("a key twice", with_attribute(b'"x"', b'"id"'), "bad_json"),
    Bad("a key twice, once escaped", with_attribute(b'"x"', b'"\\u0069d"'), "bad_json"),
    Bad("a key twice, with the same value", with_attribute(b'"1.0"', b'"specversion"'), "bad_json"),
    Bad("a key twice, deep", with_attribute(b'[{"a":{"b":1,"b":1}}]'), "bad_json"),
    Bad(
        "a key twice, in JSON with spaces",
        json.dumps(a_vote(), indent=2).replace('"data": {', '"data": { "act" : 1,').encode(),
        "bad_json",
    ),
    Bad("NaN", amount_spelled(b"NaN"), "bad_json"),
    Bad("NaN in an unknown attribute", with_attribute(b"NaN"), "bad_json"),
    Bad("Infinity", with_attribute(b"-Infinity"), "bad_json"),
    Bad(
        "a number beyond any double", amount_spelled(b"1e999"), "invalid_value: /data/amount_cents"
    ),
    Bad(
        "an integer of 5,000 digits",
        amount_spelled(b"9" * 5_000),
        "invalid_value: /data/amount_cents",
    ),
    Bad("a number with a leading zero", amount_spelled(b"0100"), "bad_json"),
    Bad("a number with a plus sign", amount_spelled(b"+100"), "bad_json"),
    Bad("an array", b"[" + encoded(a_vote()) + b"]", "bad_json"),
    Bad("a string", b'"bonjour"', "bad_json"),
    Bad("null", b"null", "bad_json"),
    Bad("a number", b"1", "bad_json"),
    Bad("65 levels", nested(NESTING_MAX + 1), "bad_json"),
    Bad("65 levels of objects", b'{"a":' * 64 + b"{}" + b"}" * 64, "bad_json"),
    Bad("10,000 levels in an unknown attribute", nested(10_000), "bad_json"),
    Bad("1,000,000 levels", b"[" * 1_000_000, "bad_json"),
    Bad("a byte more than 1 MiB", padded(MEBIBYTE + 1), "too_large"),
    Bad("10 MB", padded(10_000_000), "too_large"),
    Bad("10 MB that are no JSON", b"\0" * 10_000_000, "too_large"),
]

NULL_CHARACTERS = [
    Bad(
        "U+0000 in a title",
        encoded(an_award(title="a\0b")).replace(b"\0", b"\\u0000"),
        "invalid_value: /data/title",
    ),
    invalid("U+0000 in a list", an_award(interested=["a", "b\0"]), "interested/1"),
    bad("U+0000 in an attribute", a_vote(_id="a\0b"), "invalid_value: /id"),
    Bad("U+0000 in an unknown attribute", with_attribute(b'"\\u0000"'), "invalid_value: /comment"),
    Bad(
        "U+0000 deep in an unknown attribute",
        with_attribute(b'{"a/b":[1,"x\\u0000"]}'),
        "invalid_value: /comment/a~1b/1",
    ),
    # The object is named and not the member: a pointer with U+0000 in it could not be stored.
    bad("U+0000 in a name", an_award(**{"a\0b": 1}), "invalid_value: /data"),
    Bad("U+0000 in an attribute's name", with_attribute(b"1", b'"\\u0000"'), "invalid_value: "),
]

CONTROL_CHARACTERS = [
    *(
        invalid(
            f"U+{code:04X} in a reference",
            a_convention(convention=f"C{chr(code)}1", _id="1"),
            "convention",
        )
        for code in (0x01, 0x09, 0x0A, 0x1F, 0x7F, 0x80, 0x9F)
    ),
    *(
        invalid(f"U+{code:04X} in a name", a_convention(signatory=f"Anne{chr(code)}"), "signatory")
        for code in (0x061C, 0x200E, 0x200F, 0x202A, 0x202E, 0x2066, 0x2069)
    ),
    bad("U+202E in an event's id", a_vote(_id="1\u202e"), "invalid_value: /id"),
    invalid("U+202E in a code", an_award(grant="G\u202e", _id="1"), "grant"),
    invalid("U+202E in the id of an order", a_payment(order="C/\u202e", _id="1"), "payment_order"),
    invalid(
        "U+202E in the number of a convention",
        a_notification(convention="\u202eC", _id="1"),
        "convention",
    ),
]

UNPRINTED_TEXTS = [
    *(
        invalid(
            f"U+{code:04X} in a title", an_award(title=f"first{chr(code)}second", _id="1"), "title"
        )
        for code in (0x01, 0x09, 0x0D, 0x1B, 0x7F, 0x9B, 0x061C, 0x200E, 0x200F, 0x202E, 0x2069)
    ),
    invalid(
        "a carriage return at the end of a title", an_award(title="first\n\r", _id="1"), "title"
    ),
    invalid("U+202E in a reason", a_rejected_report(reason="a\u202e", _id="1"), "reason"),
    invalid("U+001B in a comment", a_review(comment="a\x1b[2J", _id="1"), "comment"),
]

AS_LEDGER: Json = {"source": "urn:ecluse:ledger"}

BORROWED = [
    bad("in the ledger's name", a_vote() | AS_LEDGER, "invalid_value: /source"),
    bad(
        "in the ledger's name in capitals",
        a_vote(_source="URN:Ecluse:ledger"),
        "invalid_value: /source",
    ),
    bad("a deadline in the ledger's name", a_deadline() | AS_LEDGER, "invalid_value: /source"),
    bad("in the ledger's name, and of no amount", a_vote(0) | AS_LEDGER, "invalid_value: /source"),
    bad(
        "in the ledger's name, of a type that is none",
        a_vote() | AS_LEDGER | {"type": []},
        "invalid_value: /source",
    ),
    bad(
        "in the ledger's name, without an id",
        without(a_vote() | AS_LEDGER, "id"),
        "missing_field: /id",
    ),
    bad(
        "an internal event of the ledger's in a file",
        a_vote() | AS_LEDGER | {"type": "ecluse.fiscal-year.opened.v1"},
        "unknown_type: /type",
    ),
]
"""Nobody else speaks as the ledger.

The id of an internal event can be worked out before it is written.
"""

ENVELOPE = [
    *BORROWED,
    *(
        bad(f"without {name}", without(a_vote(), name), f"missing_field: /{name}")
        for name in ("specversion", "id", "source", "type", "time", "partitionkey", "data")
    ),
    *(
        bad(f"{name} is null", a_vote() | {name: None}, f"invalid_value: /{name}")
        for name in ("specversion", "id", "source", "type", "time", "partitionkey", "data")
    ),
    *(
        bad(f"{name} is a number", a_vote() | {name: 1}, f"invalid_value: /{name}")
        for name in ("id", "source", "type", "time", "subject", "partitionkey", "data")
    ),
    Bad("an empty object", b"{}", "missing_field: /specversion"),
    bad("an unknown type", a_vote(_type="ecluse.budget.dreamed.v1"), "unknown_type: /type"),
    bad("version 2 of a type", a_vote(_type="ecluse.budget.voted.v2"), "unknown_type: /type"),
    bad("a type in capitals", a_vote(_type="ECLUSE.BUDGET.VOTED.V1"), "unknown_type: /type"),
    bad(
        "a type that only Écluse itself writes",
        a_vote(_type="ecluse.payment-order.issued.v1"),
        "unknown_type: /type",
    ),
    bad("an empty type", a_vote(_type=""), "unknown_type: /type"),
    bad("the type is a list", a_vote(_type=["x"]), "invalid_value: /type"),
    bad("the type is an object", a_vote(_type={}), "invalid_value: /type"),
    bad("CloudEvents 0.3", a_vote(_specversion="0.3"), "invalid_value: /specversion"),
    bad("specversion as a number", a_vote(_specversion=1), "invalid_value: /specversion"),
    bad("an empty id", a_vote(_id=""), "invalid_value: /id"),
    bad("an id of 501 characters", a_vote(_id="x" * 501), "invalid_value: /id"),
    bad("an empty source", a_vote(_source=""), "invalid_value: /source"),
    bad("an empty subject", a_vote(_subject=""), "invalid_value: /subject"),
    bad(
        "data that is no JSON by its type",
        a_vote(_datacontenttype="text/xml"),
        "invalid_value: /datacontenttype",
    ),
    bad("the trace is a number", a_vote(_traceparent=7), "invalid_value: /traceparent"),
    bad("data is a list", a_vote() | {"data": []}, "invalid_value: /data"),
    bad("a time without offset", a_vote(_time="2023-06-01T12:00:00"), "invalid_value: /time"),
    bad("a time in seconds, as a string", a_vote(_time="1681257600"), "invalid_value: /time"),
    bad("a time that is a day", a_vote(_time="2023-06-01"), "invalid_value: /time"),
    bad("25 o'clock", a_vote(_time="2023-06-01T25:00:00Z"), "invalid_value: /time"),
    bad("a time on 30 February", a_vote(_time="2023-02-30T12:00:00Z"), "invalid_value: /time"),
    bad("the year 0", a_vote(_time="0000-01-01T12:00:00Z"), "invalid_value: /time"),
    bad("an offset of 99 hours", a_vote(_time="2023-06-01T12:00:00+99:00"), "invalid_value: /time"),
]

PARTITION_KEYS = [
    bad(
        "the partition key names another budget",
        a_vote(_partitionkey=OTHER_BUDGET),
        "wrong_partition_key: /partitionkey",
    ),
    bad(
        "the partition key is no budget",
        a_vote(_partitionkey="lille"),
        "invalid_value: /partitionkey",
    ),
    invalid(
        "a budget whose SIRET has a wrong digit",
        a_vote(budget="21590350100018-00-2023", _partitionkey=BUDGET),
        "budget",
    ),
    invalid(
        "a budget without year", a_vote(budget="21590350100017-00", _partitionkey=BUDGET), "budget"
    ),
]
