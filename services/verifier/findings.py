"""Findings of a proof: a code, a place, and a sentence in both languages."""

from collections import Counter
from enum import StrEnum
from typing import Any, Final, NamedTuple

from events.sentences import Sentence

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
    RESUMED_OUT_OF_TURN = "resumed_out_of_turn"
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


SENTENCES: Final[dict[Code, Sentence]] = {
    Code.RECORD_MALFORMED: Sentence(
        "ce n'est pas un enregistrement de journal : {why}", "this is no journal record: {why}"
    ),
    Code.KEY_DIFFERS: Sentence(
        "la clé {found} n'est pas {expected}", "the key {found} is not {expected}"
    ),
    Code.SEQUENCE_BROKEN: Sentence(
        "le numéro {expected} est attendu : un enregistrement manque, ou figure deux fois",
        "number {expected} is expected: a record is missing, or stands twice",
    ),
    Code.PREVIOUS_HASH_DIFFERS: Sentence(
        "l'enregistrement précédent n'est pas celui qui est nommé",
        "the record before is not the one that is named",
    ),
    Code.HASH_DIFFERS: Sentence(
        "l'empreinte ne correspond pas au contenu : il a été changé",
        "the hash does not fit the content: it was changed",
    ),
    Code.SPELLED_OTHERWISE: Sentence(
        "il dit la même chose, mais ses octets ne sont pas ceux du contrat",
        "it says the same, but its bytes are not those of the contract",
    ),
    Code.EVENT_HASH_DIFFERS: Sentence(
        "event_sha256 ne correspond pas à l'événement", "event_sha256 does not fit the event"
    ),
    Code.DIGEST_DIFFERS: Sentence(
        "digest ne correspond pas à l'événement", "digest does not fit the event"
    ),
    Code.IDENTITY_DIFFERS: Sentence(
        "{member} n'est pas ce que dit l'événement", "{member} is not what the event says"
    ),
    Code.OUTCOME_MALFORMED: Sentence(
        "{member} ne va pas avec l'issue {outcome}", "{member} does not go with outcome {outcome}"
    ),
    Code.PARTITION_COUNT_DIFFERS: Sentence(
        "{found} partitions au lieu de {expected}", "{found} partitions instead of {expected}"
    ),
    Code.WRONG_PARTITION: Sentence(
        "le budget {budget} appartient à la partition {expected}",
        "the budget {budget} belongs to partition {expected}",
    ),
    Code.DECIDED_TWICE: Sentence(
        "l'événement {event_id} a déjà été décidé", "the event {event_id} was decided before"
    ),
    Code.DUPLICATE_OF_NOTHING: Sentence(
        "rien ne précède l'événement {event_id} avec ce contenu",
        "nothing stands before the event {event_id} with this content",
    ),
    Code.REUSED_WITHOUT_CAUSE: Sentence(
        "l'identifiant {event_id} n'a pas servi pour un autre contenu",
        "the id {event_id} was not used for other content",
    ),
    Code.RESUMES_NOTHING: Sentence(
        "rien n'attend sous le numéro {resumes}", "nothing waits under number {resumes}"
    ),
    Code.RESUMED_OTHERWISE: Sentence(
        "{member} n'est pas celui qui attendait sous le numéro {resumes}",
        "{member} is not the one that waited under number {resumes}",
    ),
    Code.RESUMED_OUT_OF_TURN: Sentence(
        "ce n'est pas derrière l'enregistrement qui réveille le numéro {resumes}, ou pas à son "
        "tour",
        "it does not stand behind the record that wakes number {resumes}, or not in its order",
    ),
    Code.NOT_RESUMED: Sentence(
        "le numéro {parked} attend encore, alors que {kind} {id} est là",
        "number {parked} still waits, although {kind} {id} is there",
    ),
    Code.PARKED_NEEDLESSLY: Sentence(
        "l'événement n'a pas à attendre {kind} {id}", "the event need not wait for {kind} {id}"
    ),
    Code.ACCEPTED_TOO_EARLY: Sentence(
        "l'événement est accepté, mais {kind} {id} manque",
        "the event is accepted, but {kind} {id} is missing",
    ),
    Code.NOT_REFUSED: Sentence(
        "l'issue est {outcome}, alors que les règles refusent l'événement : {expected}",
        "the outcome is {outcome}, although the rules refuse the event: {expected}",
    ),
    Code.REFUSED_OTHERWISE: Sentence(
        "l'événement est refusé ({found}), mais les règles disent : {expected}",
        "the event is refused ({found}), but the rules say: {expected}",
    ),
    Code.CLOSING_IGNORED: Sentence(
        "l'issue {outcome} ne va pas avec la clôture de l'exercice",
        "outcome {outcome} does not go with the closing of the year",
    ),
    Code.CLOSED_TOO_EARLY: Sentence(
        "l'exercice est clos, mais le comptable n'a pas pris en charge {payment_orders}",
        "the year is closed, but the accountant has not taken {payment_orders} in charge",
    ),
    Code.MOVE_IMPOSSIBLE: Sentence(
        "aucun argent ne va ainsi : {move}", "no such move of money exists: {move}"
    ),
    Code.UNKNOWN_REFERENCE: Sentence(
        "le journal parle de {what}, que rien ne précède",
        "the journal speaks of {what}, before which nothing stands",
    ),
    Code.MOVES_DIFFER: Sentence(
        "{what} : {expected} centimes attendus, {found} trouvés",
        "{what}: {expected} cents expected, {found} found",
    ),
    Code.NUMBER_TWICE: Sentence(
        "{what} figure une seconde fois : un numéro ne sert qu'une fois",
        "{what} stands a second time: a number is used once",
    ),
    Code.ENTRIES_DIFFER: Sentence(
        "écriture d'engagement {what} : {expected} attendu, {found} trouvé",
        "commitment entry {what}: {expected} expected, {found} found",
    ),
    Code.ORDER_ISSUED_TWICE: Sentence(
        "le mandat {payment_order} est émis une seconde fois",
        "the payment order {payment_order} is issued a second time",
    ),
    Code.ORDER_DIFFERS: Sentence(
        "mandat {payment_order}, {member} : {expected} attendu, {found} trouvé",
        "payment order {payment_order}, {member}: {expected} expected, {found} found",
    ),
    Code.BELOW_ZERO: Sentence("{what} est à {cents} centimes", "{what} stands at {cents} cents"),
    Code.SUMS_DIFFER: Sentence(
        "{what} : {expected} centimes au total des parties, {found} trouvés",
        "{what}: its parts add up to {expected} cents, {found} found",
    ),
    Code.CREDIT_EXCEEDED: Sentence(
        "le crédit voté de {group} est dépassé : {cents} centimes",
        "the credit voted for {group} is exceeded: {cents} cents",
    ),
    Code.NOT_JOURNALLED: Sentence(
        "cet enregistrement n'est pas au journal, alors que de plus récents y sont : il est perdu",
        "this record is not in the journal, though later ones are: it is lost",
    ),
    Code.NOT_YET_JOURNALLED: Sentence(
        "{count} enregistrements ne sont pas encore au journal, à partir de celui-ci",
        "{count} records are not in the journal yet, from this one on",
    ),
    Code.JOURNALLED_TWICE: Sentence(
        "{source} est déjà au journal", "{source} is in the journal already"
    ),
    Code.JOURNALLED_OUT_OF_ORDER: Sentence(
        "{source} vient au journal après de plus récents",
        "{source} comes into the journal after later ones",
    ),
    Code.NO_SUCH_SOURCE: Sentence("{source} n'existe pas", "{source} does not exist"),
    Code.SOURCE_DIFFERS: Sentence(
        "{member} n'est pas ce que dit {source}", "{member} is not what {source} says"
    ),
    Code.DEAD_LETTER_THOUGH_READABLE: Sentence(
        "rebuté ({found}), mais le contrat dit : {expected}",
        "a dead letter ({found}), but the contract says: {expected}",
    ),
    Code.MESSAGE_MALFORMED: Sentence(
        "ce n'est pas un message du grand livre : {why}", "this is no message of the ledger: {why}"
    ),
    Code.MESSAGE_TWICE: Sentence("{what} est déjà publié", "{what} is published already"),
    Code.MESSAGE_MISSING: Sentence("{what} n'est pas publié", "{what} is not published"),
    Code.MESSAGE_UNEXPECTED: Sentence(
        "le journal ne dit rien de {what}", "the journal says nothing of {what}"
    ),
    Code.MESSAGE_DIFFERS: Sentence(
        "{what}, {member} : {expected} attendu, {found} trouvé",
        "{what}, {member}: {expected} expected, {found} found",
    ),
    Code.MESSAGE_OUT_OF_ORDER: Sentence(
        "{what} est publié avant ce qui le précède au journal",
        "{what} is published before what precedes it in the journal",
    ),
    Code.BALANCE_DIFFERS: Sentence(
        "solde {what}, {member} : {expected} attendu, {found} trouvé",
        "balance {what}, {member}: {expected} expected, {found} found",
    ),
    Code.BALANCE_MISSING: Sentence(
        "le dernier solde {what} est celui du numéro {expected} : {found} trouvé",
        "the last balance {what} is that of number {expected}: {found} found",
    ),
    Code.SEAL_MALFORMED: Sentence("ce n'est pas un sceau : {why}", "this is no seal: {why}"),
    Code.SEAL_FORGED: Sentence(
        "la signature ne va pas avec la déclaration : le sceau a été changé",
        "the signature does not fit the statement: the seal was changed",
    ),
    Code.SEAL_KEY_DIFFERS: Sentence(
        "le sceau est signé par une autre clé que celle qui est donnée",
        "the seal is signed by another key than the one that is given",
    ),
    Code.SEALED_HASH_DIFFERS: Sentence(
        "l'empreinte scellée ici est {expected} : la chaîne a été réécrite, ici ou plus haut",
        "the hash sealed here is {expected}: the chain was rewritten, here or before",
    ),
    Code.SEALED_TOTALS_DIFFER: Sentence(
        "{what} : {expected} scellé, {found} trouvé", "{what}: {expected} sealed, {found} found"
    ),
    Code.SEALED_CHAIN_SHORT: Sentence(
        "la chaîne s'arrête au numéro {found}, elle est scellée jusqu'au {expected}",
        "the chain ends at number {found}, it is sealed up to {expected}",
    ),
    Code.SEALED_CHAIN_GONE: Sentence(
        "la chaîne a disparu, elle est scellée jusqu'au numéro {expected}",
        "the chain is gone, it is sealed up to number {expected}",
    ),
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
        return Sentence(
            fr=SENTENCES[self.code].fr.format_map(
                {n: _shown(v, "fr") for n, v in self.facts.items()}
            ),
            en=SENTENCES[self.code].en.format_map(
                {n: _shown(v, "en") for n, v in self.facts.items()}
            ),
        )

    def row(self) -> dict[str, Any]:
        """The finding as JSON."""
        text = self.text
        return {"code": self.code.value, **self.place.row(), "fr": text.fr, "en": text.en}


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


def _shown(fact: Any, language: str) -> str:
    """A fact in a sentence: its beginning; one that is itself a sentence in its language."""
    if isinstance(fact, bytes):
        fact = fact.decode(errors="replace")
    text = str(getattr(fact, language) if isinstance(fact, Sentence) else fact)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"
