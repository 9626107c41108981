"""A grant's page: who, how much, line by line, what is owed, what to look at, the journal. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.api.console.elements import (
    Amounts,
    Bar,
    Figure,
    Link,
    Notice,
    State,
    address,
    bar_of,
    capital,
    figure,
    figure_href,
    figures_of,
    grant_href,
    line_name,
    record_href,
    type_words,
    verdict_do,
)
from services.api.console.texts import grants as words
from services.api.console.texts.codes import OUTCOMES, RECOVERY_STEPS, ROLES, WITHDRAWAL_CAUSES
from services.api.grants.conventions import Convention, Document
from services.api.grants.instalments import ConventionView, convention_view, document_words
from services.api.grants.list_view import flag_count, grant_state
from services.api.grants.money import GrantLine
from services.api.grants.query import Grant, GrantAct, Record, WholeGrant
from services.api.orders.view import Fact
from services.api.queries.rows import Act, BudgetLine
from services.texts.locale_format import Voice

OUTCOME_TONES = {
    "accepted": ("good", "good"),
    "duplicate": ("", ""),
    "refused": ("bad", "bad"),
    "parked": ("info", "now"),
    "dead_letter": ("bad", "bad"),
}


@dataclass(frozen=True, slots=True)
class LineView:
    """The money of one line: the whole line as a bar, and this grant's part of it."""

    name: str
    opened: str
    bar: Bar | None
    figures: Sequence[Figure]
    own_bar: Bar
    own: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document that is owed or was received."""

    name: str
    needed_for: str
    due_on: str
    received_on: str
    eligible: str
    state: State


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act on the grant, and its record."""

    name: str
    role: str
    day: str
    record: Link


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """A step of a recovery, and its record."""

    name: str
    step: str
    amount: str
    day: str
    reason: str
    record: Link


@dataclass(frozen=True, slots=True)
class FlagView:
    """Something to look at, in words, and the record that says so."""

    notice: Notice
    record: Link


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record of the journal behind the page."""

    number: Link
    said: str
    event_id: str
    instant: str
    outcome: State


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant whole."""

    name: str
    title: str
    state: State
    flagged: State | None
    figures: Sequence[Figure]
    facts: Sequence[Fact]
    conventions: Sequence[ConventionView]
    lines: Sequence[LineView]
    documents: Sequence[DocumentRow]
    flags: Sequence[FlagView]
    acts: Sequence[ActRow]
    recoveries: Sequence[RecoveryRow]
    records: Sequence[RecordRow]


def grant_view(whole: WholeGrant, today: date, voice: Voice) -> GrantView:
    """All that is known of a grant, said to people."""
    grant = whole.grant
    name = grant.grant if grant.beneficiary is None else grant.beneficiary.name or grant.grant
    return GrantView(
        name,
        grant.title or grant.grant,
        grant_state(grant.state, voice),
        flag_count(len(whole.flags), voice),
        _figures(whole, voice),
        list(_facts(whole, voice)),
        [convention_view(each, today, voice) for each in whole.conventions],
        [_line(whole, each, voice) for each in whole.lines],
        [row for each in whole.conventions for row in _documents(each, today, voice)],
        [_flag(whole, at, voice) for at in range(len(whole.flags))],
        [_act_row(grant.budget, each, voice) for each in whole.acts],
        [row for each in whole.conventions for row in _recoveries(each, voice)],
        [record_row(each, voice) for each in whole.records],
    )


def _figures(whole: WholeGrant, voice: Voice) -> list[Figure]:
    """What was awarded, and where it is now."""
    grant = whole.grant
    href = record_href(grant.budget, grant.sequence)
    awarded = voice.money(grant.awarded_cents)
    first = Figure("awarded", voice.say(words.WORDS["awarded"]), awarded, href, drawn=False)
    reserved_cents = sum(each.reserved_cents for each in whole.lines)
    amounts = [
        ("reserved", reserved_cents),
        ("committed", grant.remaining_cents),
        ("ordered", grant.ordered_cents),
        ("paid", grant.paid_cents),
        ("released", grant.released_cents),
        ("carried_over", grant.carried_over_cents),
    ]
    hrefs = _hrefs(grant.budget, grant.grant, amounts)
    return [first, *figures_of(amounts, voice, hrefs)]


def _facts(whole: WholeGrant, voice: Voice) -> Iterator[Fact]:
    def fact(name: str, said: str, href: str = "") -> Fact:
        return Fact(voice.say(words.WORDS[name]), said, "", href)

    grant = whole.grant
    yield fact("reference", grant.grant)
    if grant.beneficiary is not None:
        siret = grant.beneficiary.siret
        yield fact("siret", siret, address("grants", search=siret))
        if grant.beneficiary.representative:
            yield fact("represented_by", grant.beneficiary.representative)
    yield fact("budget", grant.budget, address("grants", budget=grant.budget))
    if grant.carried_from:
        yield fact("carried_from", grant.carried_from, grant_href(grant.carried_from, grant.grant))
    if grant.withdrawn_on:
        yield fact("withdrawn_on", voice.day(grant.withdrawn_on) + _cause(grant, voice))


def _cause(grant: Grant, voice: Voice) -> str:
    if grant.withdrawn_cause is None:
        return ""
    return f" ({voice.say(WITHDRAWAL_CAUSES[grant.withdrawn_cause])})"


def _hrefs(
    budget: str, grant: str, amounts: Amounts, line: BudgetLine | None = None
) -> dict[str, str]:
    """Where the moves of a grant's figures are.

    A reservation that is nothing any more has none: the closing of a year gives back what is
    reserved, line by line, and names no grant (rules, 30).
    """
    return {
        name: figure_href(budget, name, line=line, grant=grant)
        for name, cents in amounts
        if cents or name != "reserved"
    }


def _line(whole: WholeGrant, each: GrantLine, voice: Voice) -> LineView:
    budget, grant = whole.grant.budget, whole.grant.grant
    own = [
        ("reserved", each.reserved_cents),
        ("committed", each.remaining_cents),
        ("ordered", each.ordered_cents),
        ("paid", each.paid_cents),
        ("released", each.released_cents),
        ("carried_over", each.carried_over_cents),
    ]
    own_hrefs = _hrefs(budget, grant, own, each.line)
    opened, bar, figures = "", None, []
    if each.budget_line is not None:
        line = each.budget_line
        amounts = [
            ("available", line.available_cents),
            ("reserved", line.reserved_cents),
            ("committed", line.committed_cents),
            ("ordered", line.ordered_cents),
            ("paid", line.paid_cents),
            ("carried_over", line.carried_over_cents),
        ]
        hrefs = {name: figure_href(budget, name, line=each.line) for name, _ in amounts}
        bar, figures = bar_of(amounts, voice), figures_of(amounts, voice, hrefs)
        appropriated = figure(
            "appropriated",
            line.appropriated_cents,
            voice,
            figure_href(budget, "appropriated", line=each.line),
            drawn=False,
        )
        figures = [appropriated, *figures]
        opened = voice.say(words.WORDS["opened"], amount=voice.money(line.appropriated_cents))
    return LineView(
        line_name(each.line),
        opened,
        bar,
        figures,
        bar_of(own, voice),
        figures_of(own, voice, own_hrefs),
    )


def _documents(convention: Convention, today: date, voice: Voice) -> Iterator[DocumentRow]:
    """Documents of the schedule, then those owed besides; each once."""
    told: set[tuple[str, int]] = set()
    for instalment in convention.instalments:
        for each in instalment.documents:
            if (each.kind, each.year) not in told:
                told.add((each.kind, each.year))
                named = voice.say(words.WORDS["instalment_named"], instalment=instalment.instalment)
                yield _document(each, named, today, voice)
    for each in (*convention.obligations, *convention.documents):
        if (each.kind, each.year) not in told:
            told.add((each.kind, each.year))
            owed = voice.say(words.WORDS["obligation"]) if each.due_on else ""
            yield _document(each, owed, today, voice)


def _document(each: Document, needed_for: str, today: date, voice: Voice) -> DocumentRow:
    if each.rejected_for is not None:
        said = voice.say(words.WORDS["rejected"], reason=each.rejected_for)
        state = State(said, "bad", "bad")
    elif each.received_on is not None:
        state = State(voice.say(words.WORDS["received"]), "good", "good")
    elif each.due_on is not None and each.due_on < today:
        state = State(voice.say(words.WORDS["late"]), "warn", "warn")
    else:
        state = State(voice.say(words.WORDS["awaited"]), "", "later")
    return DocumentRow(
        document_words(each.kind, each.year, voice),
        needed_for,
        voice.short_day(each.due_on) if each.due_on else "",
        voice.short_day(each.received_on) if each.received_on else "",
        "" if each.eligible_cost_cents is None else voice.money(each.eligible_cost_cents),
        state,
    )


def _flag(whole: WholeGrant, at: int, voice: Voice) -> FlagView:
    flag = whole.flags[at]
    verdict = flag.verdict
    do = verdict_do(verdict, voice)
    if do:
        do = f"{voice.say(words.WORDS['do'])} {do}"
    title = capital(voice.say(verdict.term))
    notice = Notice("warn", "warn", title, voice.say(verdict.sentence), do)
    return FlagView(notice, _record_link(whole.grant.budget, flag.sequence, voice))


def act_words(act: Act, voice: Voice) -> str:
    """`Conseil municipal de Lille, n° 2023/40`."""
    if act.number is None:
        return act.body
    return f"{act.body}, {voice.say(words.WORDS['acts_number'], number=act.number)}"


def _act_row(budget: str, each: GrantAct, voice: Voice) -> ActRow:
    role = voice.say(ROLES[each.role])
    return ActRow(
        act_words(each.act, voice),
        capital(role),
        voice.day(each.act.date),
        _record_link(budget, each.sequence, voice),
    )


def _recoveries(convention: Convention, voice: Voice) -> Iterator[RecoveryRow]:
    for each in convention.recoveries:
        yield RecoveryRow(
            each.recovery,
            voice.say(RECOVERY_STEPS[each.step]),
            voice.money(each.amount_cents),
            voice.day(each.done_on),
            each.reason or "",
            _record_link(convention.budget, each.sequence, voice),
        )


def record_row(record: Record, voice: Voice) -> RecordRow:
    """A record of the journal, in a line."""
    instant: datetime | None = record.event_time
    return RecordRow(
        Link(record_href(record.budget, record.sequence), voice.number(record.sequence)),
        type_words(record.event_type, voice),
        record.event_id or "",
        voice.short_instant(instant),
        outcome_state(record.outcome, voice),
    )


def outcome_state(outcome: str, voice: Voice) -> State:
    """What became of a record, never told by colour alone."""
    return State(voice.say(OUTCOMES[outcome]), *OUTCOME_TONES[outcome])


def _record_link(budget: str, sequence: int, voice: Voice) -> Link:
    said = f"{voice.say(words.WORDS['record'])} {voice.number(sequence)}"
    return Link(record_href(budget, sequence), said)
