"""A trace for people: record by record, then what is still awaited."""

from collections.abc import Iterable, Sequence
from functools import reduce
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
from events.texts import Translatable, _, pgettext
from services.cli.records.replay_tables import place
from services.cli.terminal.screen import ROWS_MAX, Prose, Screen, clean
from services.cli.terminal.texts import COLUMNS, FAULT, MORE, OUTCOME
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
from services.texts.translation import translate
from services.trace.trace import Kind, Trace, Traced

LABEL_WIDTH: Final = 12
"""How wide the words are before what they are about."""

KINDS: Final = {
    Kind.EVENT: _("an event"),
    Kind.CONVENTION: _("a convention"),
    Kind.GRANT: _("a grant"),
    Kind.ACT: _("an act"),
    Kind.PAYMENT_ORDER: _("a payment order"),
}
"""What a reference may name."""

NAMES: Final = _("{ref} names {kinds}.")
NAMES_SEVERAL: Final = _("{ref} names {kinds}: all is shown.")
BUDGET: Final = _("Budget {budget}")
AWAITED_NOW: Final = _("Awaited now")
NOTHING_AWAITED: Final = _("Nothing is awaited any more.")


def _uncapitalised(text: str) -> str:
    return text[0].lower() + text[1:]


TYPES: Final = {short_type(each): each.NAME for each in INBOUND}
"""The names of event types, by the middle of the type."""

LABELS: Final = {
    "event": _("event"),
    "act": _("act"),
    "document": _("document"),
    "recovery": _("recovery"),
    "read_from": _("read from"),
    "resumes": _("resumes"),
    "woken_by": _("woken by"),
    "woke": _("wakes"),
    "waits_for": _("waits for"),
    "refusal": _("why"),
    "review": _("to review"),
    "moved": _("moved"),
    "entry": _("entry"),
    "order": _("order"),
    "internal_event": _("internal event"),
    "internal_event_id": pgettext("column", "its id"),
}
"""The words before what a record led to."""

SUBJECTS: Final = {
    "grant": _("Grant {id}{more}"),
    "convention": _("Convention {id}{more}"),
    "instalment": _("Instalment {id} of {convention}{more}"),
    "payment_order": _("Payment order {id}{more}"),
    "recovery": _("Recovery {id}{more}"),
    "obligation": _("Owed under {convention}{more}"),
    "event": _("Event {id}{more}"),
}
"""What is awaited."""

OPENS: Final = _("opens {convention} in {budget}")
"""What an internal event does that left with a record."""

DUE_ON: Final = _("due on {due_on}")
UNTIL: Final = _("until {due_on}")
WAITS: Final = _("{subject}: waits for {wants}.")

WANTS: Final = {
    "award": _("the deliberation that awards it"),
    "signature": _("a convention to be signed"),
    "notification": _("the notification"),
    "bank_account": _("the bank details of {id}"),
    "resumption": _("the convention to be resumed"),
    "signed_convention": _("a convention to be signed, since the year's grants exceed €23,000"),
    "reissue": _(
        "bank details, an amendment, a resumption or a report, since payment order {id} was "
        "rejected"
    ),
    "next_event": _("the next event on the convention"),
    "acknowledgement": _("the accountant to take it in charge"),
    "release": _("the accountant to lift the hold"),
    "payment": _("the payment"),
    "collection": _("the money to come back"),
    "opening": _("its opening in budget {id}, which this journal does not hold"),
    "budget": _("the initial vote of budget {id}"),
    "grant": _("the deliberation that awards grant {id}"),
    "convention": _("convention {id} to be signed"),
    "recovery": _("the recovery {id} to be ordered"),
}
"""What is waited for, by the kind of a want."""


def show_trace(screen: Screen, traced: Trace, awaited: Sequence[tuple[str, Awaited]]) -> None:
    """Show a trace: what its reference names, its records, what is still awaited."""
    screen.say(_heading(traced))
    budget = None
    for each in traced.records:
        if each.record.budget != budget:
            budget = each.record.budget
            _title(screen, BUDGET.render({"budget": budget}))
        _show_record(screen, each, traced.woke.get((budget, each.record.sequence), []))
    _title(screen, AWAITED_NOW)
    for _unused, each_awaited in awaited[:ROWS_MAX]:
        screen.console.print(Prose(clean(awaited_text(screen, each_awaited))))
    screen.say_more(len(awaited) - ROWS_MAX)
    if not awaited:
        screen.say(NOTHING_AWAITED)


def awaited_text(screen: Screen, awaited: Awaited) -> str:
    """What is awaited, and what for."""
    more = []
    if awaited.amount_cents is not None:
        more.append(screen.euros(awaited.amount_cents))
    if awaited.due_on is not None:
        term = UNTIL if awaited.subject == "event" else DUE_ON
        more.append(translate(term, screen.language).format(due_on=screen.day(str(awaited.due_on))))
    subject = translate(SUBJECTS[awaited.subject], screen.language).format(
        id=awaited.id,
        convention=awaited.convention,
        more=f" ({', '.join(more)})" if more else "",
    )
    wants = ", ".join(_want(screen, each) for each in awaited.waits_for)
    return str(masked(translate(WAITS, screen.language).format(subject=subject, wants=wants)))


def type_text(screen: Screen, event_type: str) -> str:
    """What came, as people call it."""
    middle = event_type.removeprefix("ecluse.").removesuffix(".v1")
    name = TYPES.get(middle)
    return middle if name is None else _uncapitalised(translate(name, screen.language))


def _want(screen: Screen, want: Want) -> str:
    if want.kind == "document":
        kind, year = want.id.split("/")
        return _document(screen, kind, year)
    return translate(WANTS[want.kind], screen.language).format(id=want.id)


def _heading(traced: Trace) -> Translatable:
    first, *others = (KINDS[kind] for kind in traced.kinds)
    kinds = reduce(
        lambda before, kind: _("{first} and {second}").render({"first": before, "second": kind}),
        others,
        first,
    )
    text = NAMES_SEVERAL if others else NAMES
    return text.render({"ref": traced.ref, "kinds": kinds})


def _title(screen: Screen, sentence: Translatable) -> None:
    screen.console.print()
    screen.console.print(Text(clean(translate(sentence, screen.language)), style="bold"))


def _show_record(screen: Screen, each: Traced, woke: Sequence[int]) -> None:
    """What came when, what became of it and why, what moved, what left."""
    record, envelope = each.record, each.envelope
    day = screen.day(envelope.time.date().isoformat())
    terms = _colon(screen, type_text(screen, envelope.type), screen.term(OUTCOME, record.outcome))
    number = f"{screen.term(COLUMNS, 'sequence')} {record.sequence}"
    screen.console.print(Text(clean(f"{number}  {day}  {terms}"), style="bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=LABEL_WIDTH)
    table.add_column()
    before = None
    for label, fact in _facts(screen, each, woke):
        term = "" if label == before else screen.term(LABELS, label)
        table.add_row(Text(f"  {term}"), Prose(clean(masked(fact))))
        before = label
    screen.console.print(table)


def _facts(screen: Screen, each: Traced, woke: Sequence[int]) -> Iterable[tuple[str, str]]:
    record, language = each.record, screen.language
    yield "event", each.envelope.id
    yield from _about(screen, each.envelope.data)
    yield "read_from", place(record.source, language)
    number = screen.term(COLUMNS, "sequence")
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
        yield "refusal", f"{record.refusal['code']}. {translate(sentence, language)}"
    for flag in each.flags:
        sentence = flag_sentence(flag["code"], flag["facts"])
        yield "review", f"{flag['code']}. {translate(sentence, language)}"
    yield from _limited(screen, "moved", [_move(screen, move) for move in each.moves])
    entries = [
        _colon(
            screen,
            f"{screen.term(ENTRY_KINDS, entry['kind'])}, {line_label(entry['line'])}",
            screen.euros(entry["amount_cents"]),
        )
        for entry in each.entries
    ]
    yield from _limited(screen, "entry", entries)
    for change in each.orders:
        order = change.order
        due_on = translate(DUE_ON, language).format(due_on=screen.day(order.due_on.isoformat()))
        state = screen.term(ORDER_STATES, order.state)
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
        yield "internal_event", translate(OPENS, screen.language).format(**each._asdict())
        yield "internal_event_id", each.id
    if len(internal_events) > ROWS_MAX:
        yield "internal_event", screen.counted(MORE, len(internal_events) - ROWS_MAX)


def _about(screen: Screen, event: Event) -> Iterable[tuple[str, str]]:
    """What an event is about, where its type does not say it."""
    match event:
        case BudgetVoted() | DeliberationAdopted() | DeliberationWithdrawn():
            terms = (event.act.body, event.act.number, screen.day(event.act.date.isoformat()))
            yield "act", ", ".join(term for term in terms if term is not None)
        case ReportReceived() | ReportRejected():
            yield "document", _document(screen, event.document.kind, event.document.year)
        case RecoveryOrdered() | RecoveryCollected():
            yield "recovery", f"{event.recovery}, {screen.euros(event.total_cents)}"
        case _:
            return


def _document(screen: Screen, kind: str, year: object) -> str:
    return f"{screen.term(DOCUMENTS, kind)} {year}"


def _limited(screen: Screen, label: str, terms: Sequence[str]) -> Iterable[tuple[str, str]]:
    """A list under its label; a long one only begins."""
    yield from ((label, each) for each in terms[:ROWS_MAX])
    if len(terms) > ROWS_MAX:
        yield label, screen.counted(MORE, len(terms) - ROWS_MAX)


def _move(screen: Screen, move: Move) -> str:
    ends = (
        screen.term(COLUMNS, "outside" if stage is None else stage.value)
        for stage in (move.kind.origin, move.kind.target)
    )
    terms = f"{' → '.join(ends)}, {screen.euros(move.amount_cents)}"
    return _colon(screen, line_label(move.line.row()), terms)


def _colon(screen: Screen, name: str, fact: str) -> str:
    """A name and what is said of it, with the colon of the language."""
    return translate(FAULT, screen.language).format(place=name, reason=fact)
