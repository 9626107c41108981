"""Dead letters as their topic holds them, with what can be read of the record; choosing among them.

Pure. A dead letter is called by its record in the journal: `_dead.3/17`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from events.codec import Headers, is_binary
from events.masking import mask_name
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source

DLQ: Final = "ecluse_dlq_"
"""The beginning of the names of headers that a dead letter has besides its own."""

REASON: Final = f"{DLQ}reason"
"""The first of them; a dead letter that was sent again and died again had one before."""

CUT: Final = frozenset({f"{DLQ}length", f"{DLQ}key_length"})
LEFT_OUT: Final = f"{DLQ}headers_left_out"
"""Headers that say that a part of the record was not kept."""

REDRIVE: Final = "ecluse_redrive_"
REDRIVEN: Final = f"{REDRIVE}of"
"""The header of a record that was sent again: the place of the dead letter's record."""

REDRIVES: Final = f"{REDRIVE}count"
"""The header that counts how often a record was sent again."""

NAME_MAX: Final = 500
"""Characters of an id or a sender, as the contract bounds them."""

BUDGET: Final = re.compile(r"[0-9]{14}-[0-9A-Za-z]{1,10}-(?:19|20|21)[0-9]{2}")


class Names(NamedTuple):
    """The names in a record that is no event, where they can be read; accounts are shortened."""

    event_id: str | None = None
    event_source: str | None = None
    budget: str | None = None


class Address(NamedTuple):
    """The place of a dead letter in the journal, and that of its record in the input."""

    chain: str
    sequence: int
    source: Source

    @property
    def its_id(self) -> str:
        """The name by which it is called."""
        return f"{self.chain}/{self.sequence}"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was set aside, and what is known of it."""

    at: Address
    reason: str
    raw: RawRecord
    """The record as it was received: its own key, headers and bytes, at its place."""
    died_ms: int
    """When the ledger set it aside: Kafka's time, in milliseconds since 1970."""
    is_whole: bool
    """False where its topic holds only its beginning, or not its headers."""

    @property
    def code(self) -> str:
        """The code of its reason."""
        return self.reason.partition(":")[0]

    @property
    def redrives(self) -> int:
        """The number of times that the record was sent again before it became a dead letter."""
        return redrives_of(self.raw.headers)

    @property
    def names(self) -> Names:
        """The names in it."""
        return names_of(self.raw)


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection of dead letters; a member that is None or empty leaves none out."""

    ids: frozenset[str] = frozenset()
    reason: str | None = None
    budget: str | None = None
    source: str | None = None
    """The sender, as its events name it."""
    since_ms: int | None = None
    until_ms: int | None = None
    """Set aside in between, the second instant not included."""

    def takes(self, dead_letter: DeadLetter) -> bool:
        """True of one that is meant."""
        if self.ids and dead_letter.at.its_id not in self.ids:
            return False
        if self.reason not in {None, dead_letter.code}:
            return False
        if self.since_ms is not None and dead_letter.died_ms < self.since_ms:
            return False
        if self.until_ms is not None and dead_letter.died_ms >= self.until_ms:
            return False
        names = dead_letter.names if self.budget or self.source else Names()
        return self.budget in {None, names.budget} and self.source in {None, names.event_source}


class DeadLetterRecord(NamedTuple):
    """A record of the topic of dead letters, taken apart."""

    raw: RawRecord
    reason: str
    is_whole: bool


def read_dead_letter_record(
    value: bytes | None, key: bytes | None, headers: Headers
) -> DeadLetterRecord | None:
    """The record that was set aside, from its dead letter; None of a record that is none."""
    names = [name for name, _ in headers]
    if REASON not in names:
        return None
    at = len(names) - 1 - names[::-1].index(REASON)
    own = tuple(headers[:at])
    added = {name: (each or b"").decode(errors="replace") for name, each in headers[at:]}
    try:
        source = Source(
            added[f"{DLQ}topic"], int(added[f"{DLQ}partition"]), int(added[f"{DLQ}offset"])
        )
        timestamp_ms = int(added[f"{DLQ}timestamp"])
        length_bytes = int(added.get(f"{DLQ}length", "-1"))
    except (KeyError, ValueError):
        return None
    sha256 = added.get(f"{DLQ}sha256", "")
    raw = RawRecord(value, source, own, key, timestamp_ms, length_bytes, sha256)
    is_whole = not (CUT & added.keys()) and (not own or own[-1][0] != LEFT_OUT)
    return DeadLetterRecord(raw, added[REASON], is_whole)


def redrives_of(headers: Headers) -> int:
    """Count how often a record was sent again; a header of the sender's own counts as once."""
    found = [each for name, each in headers if name == REDRIVES]
    if not found:
        return 0
    text = (found[-1] or b"").decode(errors="replace")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**31)) else 1


def redriven_headers(at: Address, own: Headers) -> Headers:
    """The headers of a record that is sent again: its own, for which dead letter, how often."""
    kept = [(name, each) for name, each in own if not name.startswith(REDRIVE)]
    count = redrives_of(own) + 1
    return (*kept, (REDRIVEN, place_of(at.source).encode()), (REDRIVES, b"%d" % count))


def place_of(source: Source) -> str:
    """The place of a record, as a header names it."""
    return "/".join(map(str, source))


def redriven_places(headers: Headers) -> Collection[str]:
    """The places that a record of the input names as those of dead letters sent again."""
    return [(each or b"").decode(errors="replace") for name, each in headers if name == REDRIVEN]


def names_of(raw: RawRecord) -> Names:
    """The names in a record that is no event, where they can be read.

    The budget is that of its key where the key is one.
    """
    found: tuple[Any, ...]
    if is_binary(raw.headers):
        headers = {name: (value or b"").decode(errors="replace") for name, value in raw.headers}
        found = tuple(headers.get(f"ce_{name}") for name in ("id", "source", "partitionkey"))
    else:
        try:
            named = _read_names(raw.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            named = _EventNames()
        found = named.id, named.source, named.partitionkey
    event_id, event_source, budget = map(_printable, found)
    key = (raw.key or b"").decode(errors="replace")
    budget = key if BUDGET.fullmatch(key) else budget
    if budget is not None and not BUDGET.fullmatch(budget):
        budget = None
    return Names(event_id, event_source, budget)


def _printable(name: Any) -> str | None:
    if not isinstance(name, str) or not name.isprintable():
        return None
    return mask_name(name[:NAME_MAX]) or None


class _EventNames(msgspec.Struct):
    """The names in a record, of whatever kind they are."""

    id: Any = None
    source: Any = None
    partitionkey: Any = None


_read_names: Final = msgspec.json.Decoder(_EventNames).decode
