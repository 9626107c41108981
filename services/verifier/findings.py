"""Findings of a proof: a code, a place, and a sentence in both languages."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from enum import Enum, unique
from typing import Any, Final, NamedTuple, Self

from events.texts import Translatable, _
from services.texts.language import Language
from services.texts.translation import Sentence, error_text, translate

FINDINGS_MAX: Final = 1000
"""The number of findings kept: the rest is only counted."""

SHOWN_MAX: Final = 200
"""The length up to which a sentence repeats a fact."""


Differences = Iterable[tuple[str, Any, Any]]
"""Names of members, what is expected of them, and what is found."""


@unique
class Code(Enum):
    """A thing that may be wrong in a journal or in topics derived from it, with its sentence."""

    # The record itself, and its chain.
    RECORD_MALFORMED = _("this is no journal record: {why}")
    KEY_DIFFERS = _("the key {found} is not {expected}")
    SEQUENCE_BROKEN = _("number {expected} is expected: a record is missing, or stands twice")
    PREVIOUS_HASH_DIFFERS = _("the record before is not the one that is named")
    HASH_DIFFERS = _("the hash does not fit the content: it was changed")
    SPELLED_OTHERWISE = _("it says the same, but its bytes are not those of the contract")
    EVENT_HASH_DIFFERS = _("event_sha256 does not fit the event")
    DIGEST_DIFFERS = _("digest does not fit the event")
    IDENTITY_DIFFERS = _("{member} is not what the event says")
    OUTCOME_MALFORMED = _("{member} does not go with outcome {outcome}")
    PARTITION_COUNT_DIFFERS = _("{found} partitions instead of {expected}")
    WRONG_PARTITION = _("the budget {budget} belongs to partition {expected}")
    # Who an event is, and what waits.
    DECIDED_TWICE = _("the event {event_id} was decided before")
    DUPLICATE_OF_NOTHING = _("nothing stands before the event {event_id} with this content")
    REUSED_WITHOUT_CAUSE = _("the id {event_id} was not used for other content")
    RESUMES_NOTHING = _("nothing waits under number {resumes}")
    RESUMED_OTHERWISE = _("{member} is not the one that waited under number {resumes}")
    RESUMED_OUT_OF_ORDER = _(
        "it does not stand behind the record that wakes number {resumes}, or not in its order"
    )
    NOT_RESUMED = _("number {parked} still waits, although {kind} {id} is there")
    PARKED_NEEDLESSLY = _("the event need not wait for {kind} {id}")
    ACCEPTED_TOO_EARLY = _("the event is accepted, but {kind} {id} is missing")
    NOT_REFUSED = _("the outcome is {outcome}, although the rules refuse the event: {expected}")
    REFUSED_OTHERWISE = _("the event is refused ({found}), but the rules say: {expected}")
    CLOSING_IGNORED = _("outcome {outcome} does not go with the closing of the year")
    CLOSED_TOO_EARLY = _(
        "the year is closed, but the accountant has not taken {payment_orders} in charge"
    )
    OPENED_TOO_LATE = _(
        "{what} is decided behind another line: in a file it stands directly behind its closing"
    )
    CLOSED_YEAR_MISSING = _(
        "{what} carries money over from {closed}, whose journal is not here; an export of one "
        "budget is proved with --budget, a journal that no longer has the year with --without"
    )
    # Money.
    MOVE_IMPOSSIBLE = _("no such move of money exists: {move}")
    UNKNOWN_REFERENCE = _("the journal speaks of {what}, before which nothing stands")
    MOVES_DIFFER = _("{what}: {expected} cents expected, {found} found")
    NUMBER_TWICE = _("{what} stands a second time: a number is used once")
    ENTRIES_DIFFER = _("commitment entry {what}: {expected} expected, {found} found")
    ORDER_ISSUED_TWICE = _("the payment order {payment_order} is issued a second time")
    ORDER_DIFFERS = _("payment order {payment_order}, {member}: {expected} expected, {found} found")
    BELOW_ZERO = _("{what} stands at {cents} cents")
    SUMS_DIFFER = _("{what}: its parts add up to {expected} cents, {found} found")
    CREDIT_EXCEEDED = _("the credit voted for {group} is exceeded: {cents} cents")
    FLAG_DIFFERS = _("review flag {flag}: {expected} expected, {found} found")
    # A topic.
    TOPIC_TRUNCATED = _(
        "the topic begins here, though it is kept without limit: what stood before is gone"
    )
    # The source topics.
    NOT_JOURNALLED = _("this record is not in the journal, though later ones are: it is lost")
    NOT_YET_JOURNALLED = _("not in the journal yet, from this record on: {count}")
    JOURNALLED_TWICE = _("{source} is in the journal already")
    JOURNALLED_OUT_OF_ORDER = _("{source} comes into the journal after later ones")
    NO_SUCH_SOURCE = _("{source} does not exist")
    SOURCE_DIFFERS = _("{member} is not what {source} says")
    DEAD_LETTER_THOUGH_READABLE = _("a dead letter ({found}), but the contract says: {expected}")
    # The topics that leave.
    MESSAGE_MALFORMED = _("this is no message of the ledger: {why}")
    MESSAGE_TWICE = _("{what} is published already")
    MESSAGE_MISSING = _("{what} is not published")
    MESSAGE_UNEXPECTED = _("the journal says nothing of {what}")
    MESSAGE_DIFFERS = _("{what}, {member}: {expected} expected, {found} found")
    MESSAGE_OUT_OF_ORDER = _("{what} is published before what precedes it in the journal")
    BALANCE_DIFFERS = _("balance {what}, {member}: {expected} expected, {found} found")
    BALANCE_MISSING = _("the last balance {what} is that of number {expected}: {found} found")
    # A seal.
    SEAL_FORGED = _("the signature does not fit the statement: the seal was changed")
    SEAL_KEY_DIFFERS = _("the seal is signed by another key than the one that is given")
    SEALED_HASH_DIFFERS = _(
        "the hash sealed here is {expected}: the chain was rewritten, here or before"
    )
    SEALED_TOTALS_DIFFER = _("{what}: {expected} sealed, {found} found")
    SEALED_CHAIN_SHORT = _("the chain ends at number {found}, it is sealed up to {expected}")
    SEALED_CHAIN_GONE = _("the chain is gone, it is sealed up to number {expected}")

    @property
    def code(self) -> str:
        """The name in JSON and on the screen."""
        return self.name.lower()


class Place(NamedTuple):
    """The place of a finding; members that do not apply keep their defaults."""

    topic: str = ""
    partition: int = -1
    offset: int = -1
    budget: str = ""
    sequence: int = 0

    def row(self) -> dict[str, Any]:
        """The place as JSON: only what applies."""
        blank = self._field_defaults
        return {name: each for name, each in self._asdict().items() if each != blank[name]}


class Finding(NamedTuple):
    """One thing that is wrong."""

    code: Code
    place: Place
    facts: dict[str, Any]

    @property
    def text(self) -> Sentence:
        """The sentence of the finding."""
        return Sentence(fr=self._render_in(Language.FR), en=self._render_in(Language.EN))

    def row(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {"code": self.code.code, **self.place.row(), **asdict(self.text)}

    def _render_in(self, language: Language) -> str:
        facts = {name: _show(fact, language) for name, fact in self.facts.items()}
        return translate(self.code.value.render(facts), language)


class Findings:
    """All that was found, in the order in which it was found."""

    def __init__(self, kept_max: int = FINDINGS_MAX) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[Code] = Counter()
        self._kept_max = kept_max

    def add(self, code: Code, place: Place, **facts: Any) -> None:
        """Add a finding; beyond the limit it is counted only."""
        self.counts[code] += 1
        if len(self.kept) < self._kept_max:
            self.kept.append(Finding(code, place, facts))

    def differ(self, code: Code, place: Place, what: str, members: Differences) -> None:
        """Each member of a thing that is not what is expected."""
        for member, expected, found in members:
            self.add(code, place, what=what, member=member, expected=expected, found=found)


def cause(error: Exception) -> str:
    """An error as a finding gives it."""
    return f"{type(error).__name__}: {error}"


def _show(fact: Any, language: Language) -> str:
    """A fact in a sentence: its beginning; one that is itself a sentence in its language."""
    if isinstance(fact, bytes):
        fact = fact.decode(errors="replace")
    return shorten(translate(fact, language) if isinstance(fact, Translatable) else str(fact))


def shorten(text: str) -> str:
    """The beginning of a text, as it can be printed: half a character cannot."""
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


AT: Final = _("{where}: {what}")


class UnreachableError(Exception):
    """A cluster does not answer, a file is not there, or what is to be read is missing in it."""

    def __init__(self, text: Translatable) -> None:
        super().__init__(translate(text, Language.EN))
        self.text = text

    @classmethod
    def from_file(cls, error: OSError) -> Self:
        """Describe an error of the operating system about a file."""
        return cls(AT.render({"where": error.filename, "what": error_text(error)}))
