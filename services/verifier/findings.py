"""Findings of a proof: a code, a place, and a sentence in both languages."""

from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from events.texts import Translatable, _
from services.texts.language import Language
from services.texts.translation import Sentence, translate

FINDINGS_MAX: Final = 1000
"""The number of findings kept: the rest is only counted."""

SHOWN_MAX: Final = 200
"""The length up to which a sentence repeats a fact."""


class Code(StrEnum):
    """Codes of what may be wrong in a journal or in the topics derived from it."""

    # The record itself, and its chain.
    RECORD_MALFORMED = "record_malformed"
    KEY_DIFFERS = "key_differs"
    SEQUENCE_BROKEN = "sequence_broken"
    PREVIOUS_HASH_DIFFERS = "previous_hash_differs"
    HASH_DIFFERS = "hash_differs"
    SPELLED_OTHERWISE = "spelled_otherwise"
    EVENT_HASH_DIFFERS = "event_hash_differs"
    DIGEST_DIFFERS = "digest_differs"
    IDENTITY_DIFFERS = "identity_differs"
    OUTCOME_MALFORMED = "outcome_malformed"
    PARTITION_COUNT_DIFFERS = "partition_count_differs"
    WRONG_PARTITION = "wrong_partition"
    # Who an event is, and what waits.
    DECIDED_TWICE = "decided_twice"
    DUPLICATE_OF_NOTHING = "duplicate_of_nothing"
    REUSED_WITHOUT_CAUSE = "reused_without_cause"
    RESUMES_NOTHING = "resumes_nothing"
    RESUMED_OTHERWISE = "resumed_otherwise"
    RESUMED_OUT_OF_ORDER = "resumed_out_of_order"
    NOT_RESUMED = "not_resumed"
    PARKED_NEEDLESSLY = "parked_needlessly"
    ACCEPTED_TOO_EARLY = "accepted_too_early"
    NOT_REFUSED = "not_refused"
    REFUSED_OTHERWISE = "refused_otherwise"
    CLOSING_IGNORED = "closing_ignored"
    CLOSED_TOO_EARLY = "closed_too_early"
    # Money.
    MOVE_IMPOSSIBLE = "move_impossible"
    UNKNOWN_REFERENCE = "unknown_reference"
    MOVES_DIFFER = "moves_differ"
    NUMBER_TWICE = "number_twice"
    ENTRIES_DIFFER = "entries_differ"
    ORDER_ISSUED_TWICE = "order_issued_twice"
    ORDER_DIFFERS = "order_differs"
    BELOW_ZERO = "below_zero"
    SUMS_DIFFER = "sums_differ"
    CREDIT_EXCEEDED = "credit_exceeded"
    # The source topics.
    NOT_JOURNALLED = "not_journalled"
    NOT_YET_JOURNALLED = "not_yet_journalled"
    JOURNALLED_TWICE = "journalled_twice"
    JOURNALLED_OUT_OF_ORDER = "journalled_out_of_order"
    NO_SUCH_SOURCE = "no_such_source"
    SOURCE_DIFFERS = "source_differs"
    DEAD_LETTER_THOUGH_READABLE = "dead_letter_though_readable"
    # The topics that leave.
    MESSAGE_MALFORMED = "message_malformed"
    MESSAGE_TWICE = "message_twice"
    MESSAGE_MISSING = "message_missing"
    MESSAGE_UNEXPECTED = "message_unexpected"
    MESSAGE_DIFFERS = "message_differs"
    MESSAGE_OUT_OF_ORDER = "message_out_of_order"
    BALANCE_DIFFERS = "balance_differs"
    BALANCE_MISSING = "balance_missing"
    # A seal.
    SEAL_MALFORMED = "seal_malformed"
    SEAL_FORGED = "seal_forged"
    SEAL_KEY_DIFFERS = "seal_key_differs"
    SEALED_HASH_DIFFERS = "sealed_hash_differs"
    SEALED_TOTALS_DIFFER = "sealed_totals_differ"
    SEALED_CHAIN_SHORT = "sealed_chain_short"
    SEALED_CHAIN_GONE = "sealed_chain_gone"


SENTENCES: Final[dict[Code, Translatable]] = {
    Code.RECORD_MALFORMED: _("this is no journal record: {why}"),
    Code.KEY_DIFFERS: _("the key {found} is not {expected}"),
    Code.SEQUENCE_BROKEN: _("number {expected} is expected: a record is missing, or stands twice"),
    Code.PREVIOUS_HASH_DIFFERS: _("the record before is not the one that is named"),
    Code.HASH_DIFFERS: _("the hash does not fit the content: it was changed"),
    Code.SPELLED_OTHERWISE: _("it says the same, but its bytes are not those of the contract"),
    Code.EVENT_HASH_DIFFERS: _("event_sha256 does not fit the event"),
    Code.DIGEST_DIFFERS: _("digest does not fit the event"),
    Code.IDENTITY_DIFFERS: _("{member} is not what the event says"),
    Code.OUTCOME_MALFORMED: _("{member} does not go with outcome {outcome}"),
    Code.PARTITION_COUNT_DIFFERS: _("{found} partitions instead of {expected}"),
    Code.WRONG_PARTITION: _("the budget {budget} belongs to partition {expected}"),
    Code.DECIDED_TWICE: _("the event {event_id} was decided before"),
    Code.DUPLICATE_OF_NOTHING: _("nothing stands before the event {event_id} with this content"),
    Code.REUSED_WITHOUT_CAUSE: _("the id {event_id} was not used for other content"),
    Code.RESUMES_NOTHING: _("nothing waits under number {resumes}"),
    Code.RESUMED_OTHERWISE: _("{member} is not the one that waited under number {resumes}"),
    Code.RESUMED_OUT_OF_ORDER: _(
        "it does not stand behind the record that wakes number {resumes}, or not in its order"
    ),
    Code.NOT_RESUMED: _("number {parked} still waits, although {kind} {id} is there"),
    Code.PARKED_NEEDLESSLY: _("the event need not wait for {kind} {id}"),
    Code.ACCEPTED_TOO_EARLY: _("the event is accepted, but {kind} {id} is missing"),
    Code.NOT_REFUSED: _(
        "the outcome is {outcome}, although the rules refuse the event: {expected}"
    ),
    Code.REFUSED_OTHERWISE: _("the event is refused ({found}), but the rules say: {expected}"),
    Code.CLOSING_IGNORED: _("outcome {outcome} does not go with the closing of the year"),
    Code.CLOSED_TOO_EARLY: _(
        "the year is closed, but the accountant has not taken {payment_orders} in charge"
    ),
    Code.MOVE_IMPOSSIBLE: _("no such move of money exists: {move}"),
    Code.UNKNOWN_REFERENCE: _("the journal speaks of {what}, before which nothing stands"),
    Code.MOVES_DIFFER: _("{what}: {expected} cents expected, {found} found"),
    Code.NUMBER_TWICE: _("{what} stands a second time: a number is used once"),
    Code.ENTRIES_DIFFER: _("commitment entry {what}: {expected} expected, {found} found"),
    Code.ORDER_ISSUED_TWICE: _("the payment order {payment_order} is issued a second time"),
    Code.ORDER_DIFFERS: _(
        "payment order {payment_order}, {member}: {expected} expected, {found} found"
    ),
    Code.BELOW_ZERO: _("{what} stands at {cents} cents"),
    Code.SUMS_DIFFER: _("{what}: its parts add up to {expected} cents, {found} found"),
    Code.CREDIT_EXCEEDED: _("the credit voted for {group} is exceeded: {cents} cents"),
    Code.NOT_JOURNALLED: _("this record is not in the journal, though later ones are: it is lost"),
    Code.NOT_YET_JOURNALLED: _("{count} records are not in the journal yet, from this one on"),
    Code.JOURNALLED_TWICE: _("{source} is in the journal already"),
    Code.JOURNALLED_OUT_OF_ORDER: _("{source} comes into the journal after later ones"),
    Code.NO_SUCH_SOURCE: _("{source} does not exist"),
    Code.SOURCE_DIFFERS: _("{member} is not what {source} says"),
    Code.DEAD_LETTER_THOUGH_READABLE: _(
        "a dead letter ({found}), but the contract says: {expected}"
    ),
    Code.MESSAGE_MALFORMED: _("this is no message of the ledger: {why}"),
    Code.MESSAGE_TWICE: _("{what} is published already"),
    Code.MESSAGE_MISSING: _("{what} is not published"),
    Code.MESSAGE_UNEXPECTED: _("the journal says nothing of {what}"),
    Code.MESSAGE_DIFFERS: _("{what}, {member}: {expected} expected, {found} found"),
    Code.MESSAGE_OUT_OF_ORDER: _("{what} is published before what precedes it in the journal"),
    Code.BALANCE_DIFFERS: _("balance {what}, {member}: {expected} expected, {found} found"),
    Code.BALANCE_MISSING: _("the last balance {what} is that of number {expected}: {found} found"),
    Code.SEAL_MALFORMED: _("this is no seal: {why}"),
    Code.SEAL_FORGED: _("the signature does not fit the statement: the seal was changed"),
    Code.SEAL_KEY_DIFFERS: _("the seal is signed by another key than the one that is given"),
    Code.SEALED_HASH_DIFFERS: _(
        "the hash sealed here is {expected}: the chain was rewritten, here or before"
    ),
    Code.SEALED_TOTALS_DIFFER: _("{what}: {expected} sealed, {found} found"),
    Code.SEALED_CHAIN_SHORT: _("the chain ends at number {found}, it is sealed up to {expected}"),
    Code.SEALED_CHAIN_GONE: _("the chain is gone, it is sealed up to number {expected}"),
}
"""The sentence of each code."""


class Place(NamedTuple):
    """The place of a finding; members that do not apply keep their defaults."""

    topic: str = ""
    partition: int = -1
    offset: int = -1
    budget: str = ""
    sequence: int = 0

    def row(self) -> dict[str, Any]:
        """The place as JSON: only what applies."""
        blank = Place()._asdict()
        return {name: each for name, each in self._asdict().items() if each != blank[name]}


class Finding(NamedTuple):
    """One thing that is wrong."""

    code: Code
    place: Place
    facts: dict[str, Any]

    @property
    def text(self) -> Sentence:
        """The sentence of the finding."""
        return Sentence(fr=self._in(Language.FR), en=self._in(Language.EN))

    def row(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {"code": self.code.value, **self.place.row(), **asdict(self.text)}

    def _in(self, language: Language) -> str:
        facts = {name: _shown(fact, language) for name, fact in self.facts.items()}
        return translate(SENTENCES[self.code].render(facts), language)


class Findings:
    """All that was found, in the order in which it was found."""

    def __init__(self, kept_max: int = FINDINGS_MAX) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[Code] = Counter()
        self._kept_max = kept_max

    def add(self, code: Code, place: Place, **facts: Any) -> None:
        """One more; beyond the limit it is counted only."""
        self.counts[code] += 1
        if len(self.kept) < self._kept_max:
            self.kept.append(Finding(code, place, facts))


def _shown(fact: Any, language: Language) -> str:
    """A fact in a sentence: its beginning; one that is itself a sentence in its language."""
    if isinstance(fact, bytes):
        fact = fact.decode(errors="replace")
    text = translate(fact, language) if isinstance(fact, Translatable) else str(fact)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


AT: Final = _("{where}: {what}")


class UnreachableError(Exception):
    """A cluster does not answer, a file is not there, or what is to be read is missing in it."""

    def __init__(self, text: Translatable) -> None:
        super().__init__(translate(text, Language.EN))
        self.text = text

    @classmethod
    def of_file(cls, error: OSError) -> Self:
        """Describe an error of the operating system about a file."""
        return cls(AT.render({"where": error.filename, "what": error.strerror}))
