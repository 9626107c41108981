"""Exact members of what a journal record holds: no more and no less, each of its type."""

from types import NoneType
from typing import Any, Final, NamedTuple

from events.texts import _
from services.verifier.records import Json, NotARecordError


class OrNull(NamedTuple):
    """A value that may be missing."""

    of: Any


class TaggedUnion(NamedTuple):
    """An object of one of two kinds, which a member tells apart."""

    member: str
    having: Any
    lacking: Any


TEXT: Final = (str,)
TEXT_OR_NULL: Final = (str, NoneType)
WHOLE: Final = (int,)
"""An integer; to Python true and 1.0 are equal to 1, so the type is compared."""

FACTS: Final = "facts"
"""Any members, whose values are texts, integers, nulls, lists and objects of these."""

LINE: Final = {
    "chapter": TEXT,
    "article": TEXT,
    "function": TEXT_OR_NULL,
    "operation": TEXT_OR_NULL,
}
ACT: Final = {"body": TEXT, "number": TEXT_OR_NULL, "date": TEXT}
MOVE: Final = {
    "line": LINE,
    "convention": TEXT_OR_NULL,
    "instalment": TEXT_OR_NULL,
    "from": TEXT_OR_NULL,
    "to": TEXT_OR_NULL,
    "amount_cents": WHOLE,
}
ENTRY: Final = {
    "entry_id": TEXT,
    "kind": TEXT,
    "line": LINE,
    "amount_cents": WHOLE,
    "act": ACT,
    "convention": TEXT_OR_NULL,
    "effective_on": TEXT,
}
CHANGED: Final = {
    "payment_order": TEXT,
    "convention": TEXT,
    "instalment": TEXT,
    "amount_cents": WHOLE,
    "paid_cents": WHOLE,
    "state": TEXT,
    "due_on": TEXT,
}
SHARE: Final = {"code": TEXT, "amount_cents": WHOLE}
ISSUED: Final = CHANGED | {
    "budget": TEXT,
    "issued_on": TEXT,
    "previous": TEXT_OR_NULL,
    "title": TEXT,
    "acts": [ACT],
    "beneficiary": {"name": TEXT, "siret": TEXT, "representative": TEXT_OR_NULL},
    "bank_account": {"iban": TEXT, "bic": TEXT_OR_NULL, "holder": TEXT},
    "lines": [{"line": LINE, "amount_cents": WHOLE, "services": OrNull([SHARE])}],
}
CODE: Final = {"code": TEXT, "facts": FACTS}
DEAD_LETTER: Final = {"reason": TEXT, "length": WHOLE}

MEMBERS: Final = {
    **dict.fromkeys(("previous_hash", "hash", "event_sha256"), TEXT),
    **dict.fromkeys(("event_id", "event_source", "digest"), TEXT_OR_NULL),
    "waits_for": OrNull({"kind": TEXT, "id": TEXT}),
    "refusal": OrNull(CODE),
    "dead_letter": OrNull(TaggedUnion("by", DEAD_LETTER | {"by": TEXT, "why": TEXT}, DEAD_LETTER)),
    "review_flags": OrNull([CODE]),
    "moves": OrNull([MOVE]),
    "commitment_entries": OrNull([ENTRY]),
    "payment_orders": OrNull([TaggedUnion("issued_on", ISSUED, CHANGED)]),
}
"""The types of the others are proved where records are read."""


def prove_members(row: Json) -> None:
    """Prove that a record's members are the contract's; NotARecordError names the first other."""
    for name, wanted in MEMBERS.items():
        wrong = _misfit(row[name], wanted)
        if wrong is not None:
            names = f"{name}.{wrong}".rstrip(".")
            raise NotARecordError(_("members {names}").render({"names": names}))


def _misfit(value: Any, wanted: Any) -> str | None:
    """The path to what is not as wanted, and empty where that is `value` itself; else None."""
    if isinstance(wanted, OrNull):
        return None if value is None else _misfit(value, wanted.of)
    if isinstance(wanted, TaggedUnion):
        is_one = type(value) is dict and wanted.member in value
        return _misfit(value, wanted.having if is_one else wanted.lacking)
    if type(wanted) is tuple:
        return None if type(value) in wanted else ""
    if type(wanted) is list:
        return _misfit_of_items(value, wanted[0])
    if wanted is FACTS:
        return None if type(value) is dict and _is_plain(value) else ""
    if type(value) is not dict:
        return ""
    if value.keys() != wanted.keys():
        return ", ".join(sorted(map(str, value.keys() ^ wanted.keys())))
    for name, each in wanted.items():
        wrong = _misfit(value[name], each)
        if wrong is not None:
            return f"{name}.{wrong}"
    return None


def _misfit_of_items(value: Any, wanted: Any) -> str | None:
    if type(value) is not list:
        return ""
    for at, each in enumerate(value):
        wrong = _misfit(each, wanted)
        if wrong is not None:
            return f"{at}.{wrong}"
    return None


def _is_plain(value: Any) -> bool:
    """Return whether there is neither true nor false in it; fractions no reading lets through."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return type(value) is not bool
