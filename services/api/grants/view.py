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
    type_name,
    verdict_do,
)
from services.api.console.texts import grants as texts
from services.api.console.texts.codes import OUTCOMES, RECOVERY_STEPS, ROLES, WITHDRAWAL_CAUSES
from services.api.grants.conventions import Convention, Document
from services.api.grants.instalments import ConventionView, convention_view, document_name
from services.api.grants.list_view import flag_count, grant_state
from services.api.grants.money import GrantLine
from services.api.grants.query import Grant, GrantAct, Record, WholeGrant
from services.api.orders.view import Fact
from services.api.queries.rows import Act, BudgetLine
from services.texts.locale_format import LocaleFormat

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
    text: str
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


def grant_view(whole: WholeGrant, today: date, locale: LocaleFormat) -> GrantView:
    """All that is known of a grant, said to people."""
    grant = whole.grant
    name = grant.grant if grant.beneficiary is None else grant.beneficiary.name or grant.grant
    return GrantView(
        name,
        grant.title or grant.grant,
        grant_state(grant.state, locale),
        flag_count(len(whole.flags), locale),
        _figures(whole, locale),
        list(_facts(whole, locale)),
        [convention_view(each, today, locale) for each in whole.conventions],
        [_line(whole, each, locale) for each in whole.lines],
        [row for each in whole.conventions for row in _documents(each, today, locale)],
        [_flag(whole, at, locale) for at in range(len(whole.flags))],
        [_act_row(grant.budget, each, locale) for each in whole.acts],
        [row for each in whole.conventions for row in _recoveries(each, locale)],
        [record_row(each, locale) for each in whole.records],
    )


def _figures(whole: WholeGrant, locale: LocaleFormat) -> list[Figure]:
    """Figures of the award, and of where its money is now."""
    grant = whole.grant
    href = record_href(grant.budget, grant.sequence)
    awarded = locale.money(grant.awarded_cents)
    first = Figure("awarded", locale.say(texts.TEXTS["awarded"]), awarded, href, drawn=False)
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
    return [first, *figures_of(amounts, locale, hrefs)]


def _facts(whole: WholeGrant, locale: LocaleFormat) -> Iterator[Fact]:
    def fact(name: str, text: str, href: str = "") -> Fact:
        return Fact(locale.say(texts.TEXTS[name]), text, "", href)

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
        yield fact("withdrawn_on", locale.day(grant.withdrawn_on) + _cause(grant, locale))


def _cause(grant: Grant, locale: LocaleFormat) -> str:
    if grant.withdrawn_cause is None:
        return ""
    return f" ({locale.say(WITHDRAWAL_CAUSES[grant.withdrawn_cause])})"


def _hrefs(
    budget: str, grant: str, amounts: Amounts, line: BudgetLine | None = None
) -> dict[str, str]:
    """Links to the moves of a grant's figures.

    A reservation that is nothing any more has none: the closing of a year gives back what is
    reserved, line by line, and names no grant (rules, 30).
    """
    return {
        name: figure_href(budget, name, line=line, grant=grant)
        for name, cents in amounts
        if cents or name != "reserved"
    }


def _line(whole: WholeGrant, each: GrantLine, locale: LocaleFormat) -> LineView:
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
        bar, figures = bar_of(amounts, locale), figures_of(amounts, locale, hrefs)
        appropriated = figure(
            "appropriated",
            line.appropriated_cents,
            locale,
            figure_href(budget, "appropriated", line=each.line),
            drawn=False,
        )
        figures = [appropriated, *figures]
        opened = locale.say(texts.TEXTS["opened"], amount=locale.money(line.appropriated_cents))
    return LineView(
        line_name(each.line),
        opened,
        bar,
        figures,
        bar_of(own, locale),
        figures_of(own, locale, own_hrefs),
    )


def _documents(convention: Convention, today: date, locale: LocaleFormat) -> Iterator[DocumentRow]:
    """Documents of the schedule, then those owed besides; each once."""
    listed: set[tuple[str, int]] = set()
    for instalment in convention.instalments:
        for each in instalment.documents:
            if (each.kind, each.year) not in listed:
                listed.add((each.kind, each.year))
                named = locale.say(
                    texts.TEXTS["instalment_named"], instalment=instalment.instalment
                )
                yield _document(each, named, today, locale)
    for each in (*convention.obligations, *convention.documents):
        if (each.kind, each.year) not in listed:
            listed.add((each.kind, each.year))
            owed = locale.say(texts.TEXTS["obligation"]) if each.due_on else ""
            yield _document(each, owed, today, locale)


def _document(each: Document, needed_for: str, today: date, locale: LocaleFormat) -> DocumentRow:
    if each.rejected_for is not None:
        text = locale.say(texts.TEXTS["rejected"], reason=each.rejected_for)
        state = State(text, "bad", "bad")
    elif each.received_on is not None:
        state = State(locale.say(texts.TEXTS["received"]), "good", "good")
    elif each.due_on is not None and each.due_on < today:
        state = State(locale.say(texts.TEXTS["late"]), "warn", "warn")
    else:
        state = State(locale.say(texts.TEXTS["awaited"]), "", "later")
    return DocumentRow(
        document_name(each.kind, each.year, locale),
        needed_for,
        locale.short_day(each.due_on) if each.due_on else "",
        locale.short_day(each.received_on) if each.received_on else "",
        "" if each.eligible_cost_cents is None else locale.money(each.eligible_cost_cents),
        state,
    )


def _flag(whole: WholeGrant, at: int, locale: LocaleFormat) -> FlagView:
    flag = whole.flags[at]
    verdict = flag.verdict
    do = verdict_do(verdict, locale)
    if do:
        do = f"{locale.say(texts.TEXTS['do'])} {do}"
    title = capital(locale.say(verdict.term))
    notice = Notice("warn", "warn", title, locale.say(verdict.sentence), do)
    return FlagView(notice, _record_link(whole.grant.budget, flag.sequence, locale))


def act_text(act: Act, locale: LocaleFormat) -> str:
    """`Conseil municipal de Lille, n° 2023/40`."""
    if act.number is None:
        return act.body
    return f"{act.body}, {locale.say(texts.TEXTS['acts_number'], number=act.number)}"


def _act_row(budget: str, each: GrantAct, locale: LocaleFormat) -> ActRow:
    role = locale.say(ROLES[each.role])
    return ActRow(
        act_text(each.act, locale),
        capital(role),
        locale.day(each.act.date),
        _record_link(budget, each.sequence, locale),
    )


def _recoveries(convention: Convention, locale: LocaleFormat) -> Iterator[RecoveryRow]:
    for each in convention.recoveries:
        yield RecoveryRow(
            each.recovery,
            locale.say(RECOVERY_STEPS[each.step]),
            locale.money(each.amount_cents),
            locale.day(each.done_on),
            each.reason or "",
            _record_link(convention.budget, each.sequence, locale),
        )


def record_row(record: Record, locale: LocaleFormat) -> RecordRow:
    """A record of the journal, in a line."""
    instant: datetime | None = record.event_time
    return RecordRow(
        Link(record_href(record.budget, record.sequence), locale.number(record.sequence)),
        type_name(record.event_type, locale),
        record.event_id or "",
        locale.short_instant(instant),
        outcome_state(record.outcome, locale),
    )


def outcome_state(outcome: str, locale: LocaleFormat) -> State:
    """State of a record's outcome, never shown by colour alone."""
    return State(locale.say(OUTCOMES[outcome]), *OUTCOME_TONES[outcome])


def _record_link(budget: str, sequence: int, locale: LocaleFormat) -> Link:
    text = f"{locale.say(texts.TEXTS['record'])} {locale.number(sequence)}"
    return Link(record_href(budget, sequence), text)
