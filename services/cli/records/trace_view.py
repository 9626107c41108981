"""A trace for people: record by record, then what is still awaited."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Final, TypeVar

from rich.table import Table
from rich.text import Text

from events.envelope import INBOUND, Event
from events.follow_up import RecordReviewed
from events.masking import mask
from events.texts import Day, Euros, Translatable, _, pgettext
from services.cli.records.record_view import label_fact, move_ends
from services.cli.records.summary_tables import place
from services.cli.terminal.screen import ROWS_MAX, Prose, Screen, clean
from services.cli.terminal.texts import COLUMNS, MORE, OUTCOME
from services.ledger.domain.awaited import AwaitedItem
from services.ledger.domain.model.book import Want
from services.ledger.domain.model.moves import Move
from services.ledger.explain.sentences import (
    DOCUMENTS,
    ENTRY_KINDS,
    ORDER_STATES,
    flag_sentence,
    line_label,
    refusal_sentence,
)
from services.trace.trace import Kind, Trace, TraceRecord

Item = TypeVar("Item")

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


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


TYPES: Final = {
    each.TYPE.removeprefix("ecluse.").removesuffix(".v1"): each.NAME for each in INBOUND
}
"""The names of event types, by the middle of the type."""

LABELS: Final = {
    "event": _("event"),
    "act": _("act"),
    "document": _("document"),
    "recovery": _("recovery"),
    "reviewed": _("record"),
    "withdrawn": _("event"),
    "reviewed_by": pgettext("column", "by"),
    "comment": _("comment"),
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


NUMBER: Final = Translatable("{term} {number}", {"term": COLUMNS["sequence"]})


def show_trace(screen: Screen, traced: Trace, awaited: Sequence[tuple[str, AwaitedItem]]) -> None:
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
        text = mask(screen.text(_describe_awaited(each_awaited)))
        screen.console.print(Prose(clean(text)))
    screen.say_more(len(awaited) - ROWS_MAX)
    if not awaited:
        screen.say(NOTHING_AWAITED)


def _describe_awaited(awaited: AwaitedItem) -> Translatable:
    """Describe the awaited thing, and its purpose."""
    more: list[object] = []
    if awaited.amount_cents is not None:
        more.append(Euros(awaited.amount_cents))
    if awaited.due_on is not None:
        term = UNTIL if awaited.subject == "event" else DUE_ON
        more.append(term.render({"due_on": Day(str(awaited.due_on))}))
    facts = {
        "id": awaited.id,
        "convention": awaited.convention,
        "more": Translatable(" ({more})", {"more": tuple(more)}) if more else "",
    }
    wants = tuple(map(_want, awaited.waits_for))
    return WAITS.render({"subject": SUBJECTS[awaited.subject].render(facts), "wants": wants})


def type_text(screen: Screen, event_type: str) -> str:
    """The event's type, as people call it."""
    middle = event_type.removeprefix("ecluse.").removesuffix(".v1")
    name = TYPES.get(middle)
    return middle if name is None else _lower_first(screen.text(name))


def _want(want: Want) -> Translatable:
    if want.kind == "document":
        return _document(*want.id.split("/"))
    return WANTS[want.kind].render({"id": want.id})


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
    screen.console.print(Text(clean(screen.text(sentence)), style="bold"))


def _show_record(screen: Screen, each: TraceRecord, woke: Sequence[int]) -> None:
    """Show a record: its event and time, the outcome and why, moves, entries and orders."""
    record, envelope = each.record, each.envelope
    day = screen.day(envelope.time.date().isoformat())
    what = screen.text(label_fact(type_text(screen, envelope.type), OUTCOME[record.outcome]))
    number = screen.text(NUMBER.render({"number": record.sequence}))
    screen.console.print(Text(clean(f"{number}  {day}  {what}"), style="bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=LABEL_WIDTH)
    table.add_column()
    before = None
    for label, fact in _facts(each, woke):
        term = "" if label == before else screen.term(LABELS, label)
        table.add_row(Text(f"  {term}"), Prose(clean(mask(screen.text(fact)))))
        before = label
    screen.console.print(table)


def _facts(each: TraceRecord, woke: Sequence[int]) -> Iterator[tuple[str, object]]:
    record = each.record
    yield "event", each.envelope.id
    yield from _tell_subject(each.envelope.data)
    yield "read_from", place(record.source)
    if record.resumes is not None:
        yield "resumes", NUMBER.render({"number": record.resumes})
    if each.woken_by is not None:
        yield "woken_by", NUMBER.render({"number": each.woken_by})
    if woke:
        yield "woke", tuple(NUMBER.render({"number": number}) for number in woke[:ROWS_MAX])
    if record.waits_for is not None:
        yield "waits_for", _want(Want(**record.waits_for))
    answers = [("review", flag, flag_sentence) for flag in each.flags]
    if record.refusal is not None:
        answers.insert(0, ("refusal", record.refusal, refusal_sentence))
    for label, answer, sentence_of in answers:
        why = sentence_of(answer["code"], answer["facts"])
        yield label, Translatable("{code}. {why}", {"code": answer["code"], "why": why})
    yield from _limit_list("moved", each.moves, lambda move: [("moved", _move(move))])
    yield from _limit_list("entry", each.entries, lambda entry: [("entry", _entry(entry))])
    for change in each.orders:
        order = change.order
        due_on = DUE_ON.render({"due_on": Day(order.due_on.isoformat())})
        what = (ORDER_STATES[order.state], Euros(order.amount_cents), due_on)
        yield "order", label_fact(order.payment_order, what)
    # Each id on a line of its own: in a sentence it may look like an IBAN. Of balances nothing is
    # said: of each, only the last of a batch leaves, and no journal knows where a batch ended.
    yield from _limit_list(
        "internal_event",
        each.internal_events,
        lambda opening: [
            ("internal_event", OPENS.render(opening._asdict())),
            ("internal_event_id", opening.id),
        ],
    )


def _tell_subject(event: Event) -> Iterator[tuple[str, object]]:
    """The subject of an event, where its type does not say it."""
    for member in event.SHOWS:
        yield from SHOWN[member](event)


def _act(event: Any) -> Iterator[tuple[str, object]]:
    terms = (event.act.body, event.act.number, Day(event.act.date.isoformat()))
    yield "act", tuple(term for term in terms if term is not None)


def _describe_review(event: RecordReviewed) -> Iterator[tuple[str, object]]:
    number = NUMBER.render({"number": event.sequence})
    yield "reviewed", number if event.chain is None else f"{event.chain}/{event.sequence}"


def _comment(event: RecordReviewed) -> Iterator[tuple[str, object]]:
    if event.comment is not None:
        yield "comment", event.comment


SHOWN: Final[Mapping[str, Callable[[Any], Iterable[tuple[str, object]]]]] = {
    "act": _act,
    "document": lambda event: [
        ("document", _document(event.document.kind, event.document.year)),
    ],
    "recovery": lambda event: [("recovery", (event.recovery, Euros(event.total_cents)))],
    "sequence": _describe_review,
    "reviewed_by": lambda event: [
        ("reviewed_by", (event.reviewed_by, Day(event.reviewed_on.isoformat()))),
    ],
    "comment": _comment,
    "event": lambda event: [("withdrawn", (event.event.id, event.event.source))],
    "reason": lambda event: [("comment", event.reason)],
}
"""How each member is shown that a type says that it `SHOWS`."""


def _document(kind: str, year: object) -> Translatable:
    return Translatable("{kind} {year}", {"kind": DOCUMENTS[kind], "year": year})


def _limit_list(
    label: str, items: Sequence[Item], facts_of: Callable[[Item], list[tuple[str, object]]]
) -> Iterator[tuple[str, object]]:
    """The facts of a list; a long one only begins."""
    for each in items[:ROWS_MAX]:
        yield from facts_of(each)
    if len(items) > ROWS_MAX:
        yield label, MORE.render(len(items) - ROWS_MAX)


def _move(move: Move) -> Translatable:
    origin, target = move_ends(move.kind)
    between = Translatable("{origin} → {target}", {"origin": origin, "target": target})
    return label_fact(line_label(move.line.row()), (between, Euros(move.amount_cents)))


def _entry(entry: Mapping[str, Any]) -> Translatable:
    name = (ENTRY_KINDS[entry["kind"]], line_label(entry["line"]))
    return label_fact(name, Euros(entry["amount_cents"]))
