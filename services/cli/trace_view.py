"""How a story is told to people: record by record, then what is still to come."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from events.budgets import BudgetVoted
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.envelope import INBOUND, Event
from events.masking import masked
from events.parts import short_type
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived, ReportRejected
from events.sentences import Sentence
from services.cli.replay_tables import place
from services.cli.screen import ROWS_MAX, Prose, Screen, clean
from services.cli.texts import COLUMNS, FAULT, MORE, OUTCOME, told
from services.ledger.application.decision_texts import (
    DOCUMENTS,
    flag_sentence,
    line_label,
    refusal_sentence,
)
from services.ledger.domain.awaited import Awaited
from services.ledger.domain.book import Want
from services.ledger.domain.moves import Move
from services.ledger.domain.year_openings import Opening
from services.ledger.explain.terms import ENTRY_KINDS, ORDER_STATES
from services.trace.trace import Kind, Trace, Traced

LABEL_WIDTH: Final = 12
"""How wide the words are before what they are about."""

KINDS: Final = {
    Kind.EVENT: Sentence("un événement", "an event"),
    Kind.CONVENTION: Sentence("une convention", "a convention"),
    Kind.GRANT: Sentence("une subvention", "a grant"),
    Kind.ACT: Sentence("un acte", "an act"),
    Kind.PAYMENT_ORDER: Sentence("un mandat", "a payment order"),
}
"""What a reference may name."""

NAMES: Final = Sentence("{ref} désigne {kinds}.", "{ref} names {kinds}.")
NAMES_SEVERAL: Final = Sentence(
    "{ref} désigne {kinds}\u00a0: tout est montré.", "{ref} names {kinds}: all is shown."
)
BUDGET: Final = Sentence("Budget {budget}", "Budget {budget}")
AWAITED_NOW: Final = Sentence("Attendu maintenant", "Awaited now")
NOTHING_AWAITED: Final = Sentence("Plus rien n'est attendu.", "Nothing is awaited any more.")


def _uncapitalised(text: str) -> str:
    return text[0].lower() + text[1:]


TYPES: Final = {
    short_type(each): Sentence(_uncapitalised(each.NAME.fr), _uncapitalised(each.NAME.en))
    for each in INBOUND
}
"""The names of event types, by the middle of the type."""

LABELS: Final = {
    "event": Sentence("événement", "event"),
    "act": Sentence("acte", "act"),
    "document": Sentence("document", "document"),
    "recovery": Sentence("reversement", "recovery"),
    "read_from": Sentence("lu dans", "read from"),
    "resumes": Sentence("reprend", "resumes"),
    "woken_by": Sentence("éveillé par", "woken by"),
    "woke": Sentence("éveille", "wakes"),
    "waits_for": Sentence("attend", "waits for"),
    "refusal": Sentence("motif", "why"),
    "review": Sentence("à vérifier", "to review"),
    "moved": Sentence("mouvement", "moved"),
    "entry": Sentence("écriture", "entry"),
    "order": Sentence("mandat", "order"),
    "internal_event": Sentence("événement interne", "internal event"),
    "internal_event_id": Sentence("identifiant", "its id"),
}
"""The words before what a record led to."""

SUBJECTS: Final = {
    "grant": Sentence("Subvention {id}{more}", "Grant {id}{more}"),
    "convention": Sentence("Convention {id}{more}", "Convention {id}{more}"),
    "instalment": Sentence(
        "Versement {id} de {convention}{more}", "Instalment {id} of {convention}{more}"
    ),
    "payment_order": Sentence("Mandat {id}{more}", "Payment order {id}{more}"),
    "recovery": Sentence("Reversement {id}{more}", "Recovery {id}{more}"),
    "obligation": Sentence("Document dû par {convention}{more}", "Owed under {convention}{more}"),
    "event": Sentence("Événement {id}{more}", "Event {id}{more}"),
}
"""What is awaited."""

OPENS: Final = Sentence("ouvre {convention} au budget {budget}", "opens {convention} in {budget}")
"""What an internal event does that left with a record."""

DUE_ON: Final = Sentence("échéance {due_on}", "due on {due_on}")
UNTIL: Final = Sentence("jusqu'au {due_on}", "until {due_on}")
WAITS: Final = Sentence("{subject}\u00a0: attend {wants}.", "{subject}: waits for {wants}.")

WANTS: Final = {
    "award": Sentence("la délibération qui l'attribue", "the deliberation that awards it"),
    "signature": Sentence("la signature d'une convention", "a convention to be signed"),
    "notification": Sentence("la notification", "the notification"),
    "bank_account": Sentence("les coordonnées bancaires de {id}", "the bank details of {id}"),
    "resumption": Sentence("la reprise de la convention", "the convention to be resumed"),
    "signed_convention": Sentence(
        "la signature d'une convention, les subventions de l'année dépassant 23 000 €",
        "a convention to be signed, since the year's grants exceed €23,000",
    ),
    "reissue": Sentence(
        "des coordonnées bancaires, un avenant, une reprise ou un document, le mandat {id} ayant "
        "été rejeté",
        "bank details, an amendment, a resumption or a report, since payment order {id} was "
        "rejected",
    ),
    "next_event": Sentence(
        "le prochain événement sur la convention", "the next event on the convention"
    ),
    "acknowledgement": Sentence(
        "la prise en charge par le comptable", "the accountant to take it in charge"
    ),
    "release": Sentence("la levée de l'instance", "the accountant to lift the hold"),
    "payment": Sentence("le paiement", "the payment"),
    "collection": Sentence("l'encaissement", "the money to come back"),
    "opening": Sentence(
        "son ouverture au budget {id}, absente de ce journal",
        "its opening in budget {id}, which this journal does not hold",
    ),
    "budget": Sentence("le vote initial du budget {id}", "the initial vote of budget {id}"),
    "grant": Sentence(
        "la délibération qui attribue la subvention {id}", "the deliberation that awards grant {id}"
    ),
    "convention": Sentence("la signature de la convention {id}", "convention {id} to be signed"),
    "recovery": Sentence("l'ordre de reversement {id}", "the recovery {id} to be ordered"),
}
"""What is waited for, by the kind of a want."""


def tell(screen: Screen, story: Trace, awaited: Sequence[tuple[str, Awaited]]) -> None:
    """A story whole: what its reference names, its records, what is still to come."""
    screen.say(_heading(story))
    budget = None
    for each in story.records:
        if each.record.budget != budget:
            budget = each.record.budget
            _title(screen, BUDGET.render({"budget": budget}))
        _tell_record(screen, each, story.woke.get((budget, each.record.sequence), []))
    _title(screen, AWAITED_NOW)
    for _, each_awaited in awaited[:ROWS_MAX]:
        screen.console.print(Prose(clean(awaited_words(screen, each_awaited))))
    screen.say_more(max(len(awaited) - ROWS_MAX, 0))
    if not awaited:
        screen.say(NOTHING_AWAITED)


def awaited_words(screen: Screen, awaited: Awaited) -> str:
    """What is awaited, and what for."""
    more = []
    if awaited.amount_cents is not None:
        more.append(screen.euros(awaited.amount_cents))
    if awaited.due_on is not None:
        word = UNTIL if awaited.subject == "event" else DUE_ON
        more.append(told(word, screen.language).format(due_on=screen.day(str(awaited.due_on))))
    subject = told(SUBJECTS[awaited.subject], screen.language).format(
        id=awaited.id,
        convention=awaited.convention,
        more=f" ({', '.join(more)})" if more else "",
    )
    wants = ", ".join(_want(screen, each) for each in awaited.waits_for)
    return str(masked(told(WAITS, screen.language).format(subject=subject, wants=wants)))


def type_words(screen: Screen, event_type: str) -> str:
    """What came, as people call it."""
    return screen.word_or_name(TYPES, event_type.removeprefix("ecluse.").removesuffix(".v1"))


def _want(screen: Screen, want: Want) -> str:
    if want.kind == "document":
        kind, year = want.id.split("/")
        return _document(screen, kind, year)
    return told(WANTS[want.kind], screen.language).format(id=want.id)


def _heading(story: Trace) -> Sentence:
    french = [KINDS[kind].fr for kind in story.kinds]
    english = [KINDS[kind].en for kind in story.kinds]
    sentence = NAMES if len(story.kinds) == 1 else NAMES_SEVERAL
    return Sentence(
        sentence.fr.format(ref=story.ref, kinds=" et ".join(french)),
        sentence.en.format(ref=story.ref, kinds=" and ".join(english)),
    )


def _title(screen: Screen, sentence: Sentence) -> None:
    screen.console.print()
    screen.console.print(Text(clean(told(sentence, screen.language)), style="bold"))


def _tell_record(screen: Screen, each: Traced, woke: Sequence[int]) -> None:
    """What came when, what became of it and why, what moved, what left."""
    record, envelope = each.record, each.envelope
    day = screen.day(envelope.time.date().isoformat())
    words = _colon(screen, type_words(screen, envelope.type), screen.word(OUTCOME, record.outcome))
    number = f"{screen.word(COLUMNS, 'sequence')} {record.sequence}"
    screen.console.print(Text(clean(f"{number}  {day}  {words}"), style="bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=LABEL_WIDTH)
    table.add_column()
    before = None
    for label, fact in _facts(screen, each, woke):
        word = "" if label == before else screen.word(LABELS, label)
        table.add_row(Text(f"  {word}"), Prose(clean(masked(fact))))
        before = label
    screen.console.print(table)


def _facts(screen: Screen, each: Traced, woke: Sequence[int]) -> Iterable[tuple[str, str]]:
    record, language = each.record, screen.language
    yield "event", each.envelope.id
    yield from _about(screen, each.envelope.data)
    yield "read_from", place(record.source, language)
    number = screen.word(COLUMNS, "sequence")
    if record.resumes is not None:
        yield "resumes", f"{number} {record.resumes}"
    if each.woken_by is not None:
        yield "woken_by", f"{number} {each.woken_by}"
    if woke:
        yield "woke", ", ".join(f"{number} {sequence}" for sequence in woke[:ROWS_MAX])
    if record.waits_for is not None:
        yield "waits_for", _want(screen, Want(**record.waits_for))
    if record.refusal is not None:
        sentence = refusal_sentence(record.refusal["code"], record.refusal["facts"])
        yield "refusal", f"{record.refusal['code']}. {told(sentence, language)}"
    for flag in each.flags:
        sentence = flag_sentence(flag["code"], flag["facts"])
        yield "review", f"{flag['code']}. {told(sentence, language)}"
    yield from _limited(screen, "moved", [_move(screen, move) for move in each.moves])
    entries = [
        _colon(
            screen,
            f"{screen.word(ENTRY_KINDS, entry['kind'])}, {line_label(entry['line'])}",
            screen.euros(entry["amount_cents"]),
        )
        for entry in each.entries
    ]
    yield from _limited(screen, "entry", entries)
    for change in each.orders:
        order = change.order
        due_on = told(DUE_ON, language).format(due_on=screen.day(order.due_on.isoformat()))
        state = screen.word(ORDER_STATES, order.state)
        amount = screen.euros(order.amount_cents)
        yield "order", _colon(screen, order.payment_order, f"{state}, {amount}, {due_on}")
    yield from _internal_events(screen, each.internal_events)


def _internal_events(
    screen: Screen, internal_events: Sequence[Opening]
) -> Iterable[tuple[str, str]]:
    """List the openings, each id on a line of its own: in a sentence it may look like an IBAN.

    Of balances nothing is said: of each, only the last of a batch leaves, and no journal knows
    where a batch ended.
    """
    for each in internal_events[:ROWS_MAX]:
        yield "internal_event", told(OPENS, screen.language).format(**each._asdict())
        yield "internal_event_id", each.id
    if len(internal_events) > ROWS_MAX:
        yield "internal_event", screen.counted(MORE, len(internal_events) - ROWS_MAX)


def _about(screen: Screen, event: Event) -> Iterable[tuple[str, str]]:
    """What an event is about, where its type does not say it."""
    match event:
        case BudgetVoted() | DeliberationAdopted() | DeliberationWithdrawn():
            words = (event.act.body, event.act.number, screen.day(event.act.date.isoformat()))
            yield "act", ", ".join(word for word in words if word is not None)
        case ReportReceived() | ReportRejected():
            yield "document", _document(screen, event.document.kind, event.document.year)
        case RecoveryOrdered() | RecoveryCollected():
            yield "recovery", f"{event.recovery}, {screen.euros(event.total_cents)}"
        case _:
            return


def _document(screen: Screen, kind: str, year: object) -> str:
    return f"{screen.word(DOCUMENTS, kind)} {year}"


def _limited(screen: Screen, label: str, words: Sequence[str]) -> Iterable[tuple[str, str]]:
    """A list under its label; a long one only begins."""
    yield from ((label, each) for each in words[:ROWS_MAX])
    if len(words) > ROWS_MAX:
        yield label, screen.counted(MORE, len(words) - ROWS_MAX)


def _move(screen: Screen, move: Move) -> str:
    ends = (
        screen.word(COLUMNS, "outside" if stage is None else stage.value)
        for stage in (move.way.origin, move.way.target)
    )
    words = f"{' → '.join(ends)}, {screen.euros(move.amount_cents)}"
    return _colon(screen, line_label(move.line.row()), words)


def _colon(screen: Screen, name: str, fact: str) -> str:
    """A name and what is said of it, with the colon of the language."""
    return told(FAULT, screen.language).format(place=name, reason=fact)
