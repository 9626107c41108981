"""Refused and parked events, dead letters and review flags in files."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Final

from events.envelope import INBOUND
from events.texts import Translatable, _
from services.api.files.list_file import ListColumn, ListTable, names_beside_budget
from services.api.files.sheet import Cell, Kind
from services.api.rejections.view import TERMS, term_of
from services.ledger.explain.sentences import DOCUMENTS

TYPES: Final = {each.TYPE: each.NAME for each in INBOUND}


def _type(row: Any) -> Cell:
    event_type: str | None = row.event_type
    return None if event_type is None else TYPES.get(event_type, event_type)


def _verdict(attribute: str) -> tuple[ListColumn, ...]:
    """Columns of a verdict: its term, its code, its sentence and the advice."""
    verdict = attrgetter(attribute)

    def read_from_verdict(text: Callable[[Any], Cell]) -> Callable[[Any], Cell]:
        return lambda row: text(verdict(row))

    return (
        ListColumn(_("reason"), read_from_verdict(attrgetter("term"))),
        ListColumn(_("code"), read_from_verdict(attrgetter("code"))),
        ListColumn(_("explanation"), read_from_verdict(attrgetter("sentence"))),
        ListColumn(_("what to do"), read_from_verdict(attrgetter("do"))),
    )


def _document(row: Any) -> Mapping[str, Any]:
    """The facts about the document of a flag: one that is late, or was rejected behind an order."""
    facts: Mapping[str, Any] = row.verdict.facts
    late: Sequence[Mapping[str, Any]] = facts.get("documents", ())
    return {**facts, **(late[0] if late else facts.get("document", {}))}


def _document_name(row: Any) -> Cell:
    kind = _document(row).get("kind")
    return None if kind is None else DOCUMENTS[kind]


def _due_on(row: Any) -> Cell:
    day = row.verdict.facts.get("due_on")
    return None if day is None else date.fromisoformat(day)


EVENT: Final = (
    ListColumn(_("event id"), "event_id"),
    ListColumn(_("sender"), "event_source"),
    ListColumn(_("event"), _type),
    ListColumn(_("dated"), "event_time", Kind.INSTANT),
)
PLACE: Final = (
    ListColumn(_("budget"), "budget"),
    ListColumn(_("record no."), "sequence", Kind.NUMBER),
    *names_beside_budget(),
)


SETTLED: Final = (
    ListColumn(_("settled by record no."), "settled.sequence", Kind.NUMBER),
    ListColumn(_("reviewed by"), "settled.reviewed_by"),
    ListColumn(_("reviewed on"), "settled.reviewed_on", Kind.DAY),
    ListColumn(_("comment"), "settled.comment"),
)


def _terms(kind: str) -> dict[str, Translatable]:
    return {code: term_of(kind, code) for code in TERMS[kind]}


REFUSED: Final = ListTable(
    _("Refused events"),
    (*EVENT, *_verdict("refusal"), *SETTLED, *PLACE),
    {"code": _terms("refused"), "event_type": TYPES},
)
PARKED: Final = ListTable(
    _("Parked events"),
    (
        *EVENT,
        *_verdict("wait"),
        ListColumn(_("waits for"), "waits_for_id"),
        ListColumn(_("ended by record no."), "ended_sequence", Kind.NUMBER),
        *PLACE,
    ),
    {"kind": _terms("parked")},
)
UNREADABLE: Final = ListTable(
    _("Dead letters"),
    (
        ListColumn(_("topic"), "source_topic"),
        ListColumn(_("partition"), "source_partition", Kind.NUMBER),
        ListColumn(_("offset"), "source_offset", Kind.NUMBER),
        *_verdict("verdict"),
        ListColumn(_("pointer"), "reason"),
        ListColumn(_("chain"), "chain"),
        ListColumn(_("record no."), "sequence", Kind.NUMBER),
        *SETTLED,
    ),
    {"code": _terms("unreadable")},
)
FLAGGED: Final = ListTable(
    _("Review flags"),
    (
        ListColumn(_("event id"), "event_id"),
        ListColumn(_("event"), _type),
        ListColumn(_("dated"), "event_time", Kind.INSTANT),
        ListColumn(_("grant"), "grant"),
        ListColumn(_("beneficiary"), "beneficiary"),
        *_verdict("verdict"),
        ListColumn(_("document"), _document_name),
        ListColumn(_("document year"), lambda row: _document(row).get("year"), Kind.NUMBER),
        ListColumn(_("due on"), _due_on, Kind.DAY),
        *SETTLED,
        *PLACE,
    ),
    {"code": _terms("flagged")},
)
