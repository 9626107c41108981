"""A journal record as its bytes say it: members, canonical JSON and hashes, by the library alone.

The published language has its own encoder; this one is written again on purpose, so that a fault of
the one is seen by the other.
"""

import json
import re
from dataclasses import dataclass
from hashlib import blake2b, sha256
from sys import intern
from types import NoneType
from typing import Any, Final, NamedTuple, NoReturn

from events.texts import Translatable, _
from services.verifier.findings import Code, Findings, Place, cause

Json = dict[str, Any]

VERSION: Final = 1
"""The version of a record's shape that is read here."""

FIRST_HASH: Final = "0" * 64
"""The previous hash of a budget's first record."""

DEAD: Final = "_dead."
"""The prefix of chains of unreadable records, before the partition."""

LEDGER: Final = "urn:ecluse:ledger"
"""The source of the ledger's own messages."""

NOT_HASHED: Final = ("hash", "source", "event")
EFFECTS: Final = ("moves", "commitment_entries", "payment_orders", "review_flags")
WHY: Final = {"refused": "refusal", "parked": "waits_for", "dead_letter": "dead_letter"}
OUTCOMES: Final = ("accepted", "duplicate", "refused", "parked", "dead_letter")

MEMBERS: Final = frozenset(
    (
        *("version", "rules_version", "budget", "sequence", "previous_hash", *NOT_HASHED),
        *("event_id", "event_source", "event_sha256", "digest", "outcome", "resumes"),
        *(*WHY.values(), *EFFECTS),
    )
)

_BUDGET: Final = re.compile(rb'"budget":"([\w.-]{1,64})"', re.ASCII)
_SEQUENCE: Final = re.compile(rb'"sequence":(\d{1,15})', re.ASCII)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _no_fraction(spelled: str) -> NoReturn:
    raise ValueError(f"{spelled} is no integer")


_scan_event = json.JSONDecoder(parse_constant=_no_constant).raw_decode
_scan = json.JSONDecoder(parse_constant=_no_constant, parse_float=_no_fraction).raw_decode
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


class NotARecordError(Exception):
    """Bytes that are no journal record."""

    def __init__(self, text: Translatable) -> None:
        super().__init__(text.msgid)
        self.text = text


class LaterRecordError(NotARecordError):
    """A record of another version, or with members that its version does not have."""


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8."""
    return _encode(value).encode()


def sha256_hex(value: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return sha256(value).hexdigest()


def brief(value: bytes) -> bytes:
    """16 bytes that stand for others where only equality counts and memory is dear."""
    return blake2b(value, digest_size=16).digest()


def drop_nulls(value: Any) -> Any:
    """`value` without null members: an explicit null says what absence says."""
    if isinstance(value, dict):
        return {name: drop_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [drop_nulls(each) for each in value]
    return value


def canonical_without_nulls(value: Any) -> bytes:
    """Canonical JSON of what `value` says, null members left out."""
    spelled = canonical(value)
    return canonical(drop_nulls(value)) if b"null" in spelled else spelled


@dataclass(slots=True)
class Record:
    """One journal record, read; its own hash is the recomputed one."""

    row: Json
    """All members but the event."""
    event: Any
    event_text: str
    """The event as it stands in the record."""
    budget: str
    sequence: int
    outcome: str
    hash: str
    place: Place
    is_canonical: bool
    """Return whether its bytes are the canonical ones of its content."""

    @property
    def kind(self) -> str:
        """`convention.signed` of an event of type `ecluse.convention.signed.v1`."""
        return str(self.event["type"]).removeprefix("ecluse.").removesuffix(".v1")

    @property
    def refusal(self) -> str | None:
        """The code of its refusal."""
        return None if self.row["refusal"] is None else self.row["refusal"]["code"]

    @property
    def is_dead(self) -> bool:
        """True if it is the record of a dead letter."""
        return self.outcome == "dead_letter"

    @property
    def source(self) -> tuple[str, int, int]:
        """The event's source position: topic, partition, offset."""
        source = self.row["source"]
        return source["topic"], source["partition"], source["offset"]


def read_record(raw: bytes, place: Place) -> Record:
    """Read one record; NotARecordError for what is no JSON object with a record's members."""
    try:
        row, event_text = _members(raw.decode())
        if type(row.get("version")) is int and row["version"] > VERSION:
            facts = {"version": row["version"], "read": VERSION}
            raise LaterRecordError(_("version {version}; this verifier reads {read}").render(facts))
        if row.keys() > MEMBERS:
            facts = {"names": sorted(row.keys() - MEMBERS), "read": VERSION}
            text = _("members {names}, which version {read} does not have")
            raise LaterRecordError(text.render(facts))
        if row.keys() != MEMBERS:
            names = sorted(row.keys() ^ MEMBERS)
            raise NotARecordError(_("members {names}").render({"names": names}))
        event = row.pop("event")
        if "\\u" in event_text:
            json.dumps(event, ensure_ascii=False).encode()  # Half a character cannot be written.
        _prove_types(row)
        body = canonical({name: each for name, each in row.items() if name not in NOT_HASHED})
        is_canonical = raw == body[:-1] + _spell_unhashed(row, event_text)
        if not is_canonical:
            # Another spelling: a member that stands twice would hide in it.
            json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, IndexError, RecursionError) as error:
        raise NotARecordError(_("JSON: {why}").render({"why": cause(error)})) from None
    budget, sequence, outcome = intern(row["budget"]), row["sequence"], row["outcome"]
    where = place._replace(budget=budget, sequence=sequence)
    head = sha256_hex(body)
    return Record(row, event, event_text, budget, sequence, outcome, head, where, is_canonical)


def _spell_unhashed(row: Json, event_text: str) -> bytes:
    """The members that are not hashed, as the contract spells them behind the others."""
    topic, partition, offset = (row["source"][name] for name in ("topic", "partition", "offset"))
    source = f'{{"topic":{_encode(topic)},"partition":{partition},"offset":{offset}}}'
    return f',"event":{event_text},"hash":{_encode(row["hash"])},"source":{source}}}'.encode()


def guess_place(raw: bytes, place: Place) -> Place:
    """The place of an unreadable record, as far as its bytes show it."""
    budget, sequence = _BUDGET.search(raw), _SEQUENCE.search(raw)
    if budget is not None:
        place = place._replace(budget=budget[1].decode())
    return place if sequence is None else place._replace(sequence=int(sequence[1]))


def _prove_types(row: Json) -> None:
    """Check the members on which all other checks rely."""
    source = row["source"] if isinstance(row["source"], dict) else {}
    types = {
        "budget": type(row["budget"]) is str,
        "sequence": type(row["sequence"]) is int,
        "resumes": row["resumes"] is None or type(row["resumes"]) is int,
        "outcome": row["outcome"] in OUTCOMES,
        "version": type(row["version"]) is int and row["version"] == VERSION,
        "rules_version": type(row["rules_version"]) is int,
        "source": source.keys() == {"topic", "partition", "offset"},
        "source.topic": type(source.get("topic")) is str,
        "source.partition": type(source.get("partition")) is int,
        "source.offset": type(source.get("offset")) is int,
    }
    wrong = ", ".join(member for member, right in types.items() if not right)
    if wrong:
        raise NotARecordError(_("members {names}").render({"names": wrong}))


def _members(text: str) -> tuple[Json, str]:
    """Each member of an object written without spaces, and the text of its event."""
    if not text.startswith("{"):
        raise ValueError("no object")
    row: Json = {}
    event_text = ""
    at = 1
    while text[at - 1] != "}":
        name, colon = _scan(text, at)
        if text[colon] != ":" or name in row:
            raise ValueError(f"at {name}")
        scan = _scan_event if name == "event" else _scan
        row[name], end = scan(text, colon + 1)
        if text[end] not in ",}":
            raise ValueError(f"behind {name}")
        if name == "event":
            event_text = text[colon + 1 : end]
        at = end + 1
    if len(text) != at:
        raise ValueError("text stands behind the record")
    return row, event_text


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotARecordError(_("a member stands twice"))
    return members


class Chains:
    """The chain of each budget: nothing is missing, nothing was changed."""

    def __init__(self, findings: Findings) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        self._findings = findings

    def follow(self, record: Record) -> None:
        """Follow the next record of a budget."""
        row, place, add = record.row, record.place, self._findings.add
        sequence, head = self.heads.get(record.budget, (0, FIRST_HASH))
        if record.sequence != sequence + 1:
            add(Code.SEQUENCE_BROKEN, place, expected=sequence + 1)
        elif row["previous_hash"] != head:
            add(Code.PREVIOUS_HASH_DIFFERS, place)
        if row["hash"] != record.hash:
            add(Code.HASH_DIFFERS, place)
        if not record.is_canonical:
            add(Code.SPELLED_OTHERWISE, place)
        # What the record says of itself: what follows is compared with that, not with our doubt.
        self.heads[record.budget] = (record.sequence, row["hash"])


def prove_shape(record: Record, findings: Findings) -> None:
    """Check the members of each outcome, the event's hashes and its identity."""
    row, outcome, event = record.row, record.outcome, record.event
    amiss = [why for each, why in WHY.items() if (each == outcome) != (row[why] is not None)]
    amiss += [member for member in EFFECTS if not _is_effect(row[member], outcome)]
    if row["resumes"] is not None and outcome not in {"accepted", "refused"}:
        amiss.append("resumes")  # What is resumed does not wait again.
    if record.is_dead != record.budget.startswith(DEAD):
        amiss.append("budget")
    if record.is_dead:
        own = ("event_id", "event_source", "digest")
        amiss += [member for member in own if row[member] is not None]
        amiss += ["event"] if event is not None else []
    for member in amiss:
        findings.add(Code.OUTCOME_MALFORMED, record.place, member=member, outcome=outcome)
    if not record.is_dead:
        _prove_event(record, findings)


def _is_effect(value: Any, outcome: str) -> bool:
    """Null where there is nothing; only what is accepted has anything."""
    return value is None or (outcome == "accepted" and isinstance(value, list) and len(value) > 0)


def _prove_event(record: Record, findings: Findings) -> None:
    row, event, text = record.row, record.event, record.event_text
    if sha256_hex(text.encode()) != row["event_sha256"]:
        findings.add(Code.EVENT_HASH_DIFFERS, record.place)
    digested = {name: event.get(name) for name in ("type", "time", "subject", "data")}
    if digested["subject"] is None:
        del digested["subject"]
    if "null" in text:
        digested = drop_nulls(digested)
    if sha256_hex(canonical(digested)) != row["digest"]:
        findings.add(Code.DIGEST_DIFFERS, record.place)
    derived = {
        "event_id": row["event_id"] == event["id"],
        "event_source": row["event_source"] == event["source"],
        "budget": record.budget == event["partitionkey"],
        "data.budget": record.budget == event["data"]["budget"],
    }
    for member, same in derived.items():
        if not same:
            findings.add(Code.IDENTITY_DIFFERS, record.place, member=member)


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

MEMBER_TYPES: Final = {
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
    for name, wanted in MEMBER_TYPES.items():
        wrong = _misfit(row[name], wanted)
        if wrong is not None:
            names = f"{name}.{wrong}".rstrip(".")
            raise NotARecordError(_("members {names}").render({"names": names}))


def _misfit(value: Any, shape: Any) -> str | None:
    """The path to what is not as wanted, and empty where that is `value` itself; else None."""
    if isinstance(shape, OrNull):
        return None if value is None else _misfit(value, shape.of)
    if isinstance(shape, TaggedUnion):
        is_one = type(value) is dict and shape.member in value
        return _misfit(value, shape.having if is_one else shape.lacking)
    if type(shape) is tuple:
        return None if type(value) in shape else ""
    if type(shape) is list:
        return _misfit_of_items(value, shape[0])
    if shape is FACTS:
        return None if type(value) is dict and _is_plain(value) else ""
    if type(value) is not dict:
        return ""
    if value.keys() != shape.keys():
        return ", ".join(sorted(map(str, value.keys() ^ shape.keys())))
    for name, each in shape.items():
        wrong = _misfit(value[name], each)
        if wrong is not None:
            return f"{name}.{wrong}"
    return None


def _misfit_of_items(value: Any, shape: Any) -> str | None:
    if type(value) is not list:
        return ""
    for at, each in enumerate(value):
        wrong = _misfit(each, shape)
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
