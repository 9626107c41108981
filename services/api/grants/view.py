"""A grant's money by stage, its conventions in a line, and what its documents are for. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from events.texts import Translatable, _
from services.api.budgets.view import Money
from services.api.console.elements import Amounts, bar_of, figure_href, figures_of
from services.api.grants.conventions import Convention, Document, Instalment
from services.api.grants.instalments import ENDED, NOT_TO_BE_PAID, instalment_status
from services.api.grants.money import GrantLine
from services.api.grants.query import Grant
from services.api.queries.rows import BudgetLine
from services.ledger.explain.sentences import line_label
from services.texts.locale_format import LocaleFormat
from services.texts.translation import isolate
from services.treasury.pes.accountant import BudgetConfig
from services.treasury.pes.faults import code_faults


def stages_of(row: Grant | GrantLine, reserved_cents: int) -> Amounts:
    """The money of a grant, or its part of a line, by stage."""
    return [
        ("reserved", reserved_cents),
        ("committed", row.remaining_cents),
        ("ordered", row.ordered_cents),
        ("paid", row.paid_cents),
        ("released", row.released_cents),
        ("carried_over", row.carried_over_cents),
    ]


def slip_faults(each: GrantLine, settings: BudgetConfig | None) -> tuple[Translatable, ...]:
    """Why no slip can pay what is not ordered yet of a line; nothing where there are no slips."""
    if settings is None or not each.reserved_cents + each.remaining_cents:
        return ()
    label = line_label(asdict(each.line))
    codes, functional = (each.line.function, each.line.operation), settings.functional
    return tuple(code_faults(label, *codes, functional=functional, is_granted=True))


def grant_money(
    grant: Grant, amounts: Amounts, locale: LocaleFormat, line: BudgetLine | None = None
) -> Money:
    """The money of a grant, or its part of a line; each figure leads to its moves.

    A reservation that is nothing any more leads nowhere: the closing of a year gives back what is
    reserved, line by line, and names no grant (rules, 30).
    """
    hrefs = {
        name: figure_href(grant.budget, name, line=line, grant=grant.grant)
        for name, cents in amounts
        if cents or name != "reserved"
    }
    return Money(bar_of(amounts, locale), figures_of(amounts, locale, hrefs))


def convention_facts(convention: Convention, locale: LocaleFormat) -> list[str]:
    """The signature of a convention, the days that it runs, the reason of its state."""
    text = []
    if convention.signed_on:
        signed = locale.say(_("signed {day}"), day=locale.day(convention.signed_on))
        if convention.signatory:
            by = locale.say(_("by {signatory}"), signatory=convention.signatory)
            signed = f"{signed} {by}"
        text.append(signed)
    if convention.starts_on and convention.ends_on:
        start, end = locale.day(convention.starts_on), locale.day(convention.ends_on)
        text.append(locale.say(_("from {start} to {end}"), start=start, end=end))
    return [*text, isolate(convention.reason)] if convention.reason else text


def documents_of(convention: Convention, locale: LocaleFormat) -> Iterator[tuple[Document, str]]:
    """Documents of the schedule, then those owed besides, each once; and what needs it."""
    listed: set[tuple[str, int]] = set()
    for instalment in convention.instalments:
        needed_for = locale.say(_("instalment {instalment}"), instalment=instalment.instalment)
        yield from ((each, needed_for) for each in _new(instalment.documents, listed))
    for each in _new((*convention.obligations, *convention.documents), listed):
        yield each, locale.say(_("obligation of the convention")) if each.due_on else ""


def is_owed(convention: Convention, document: Document) -> bool:
    """True of a document that is awaited in this budget: what is carried over owes it in the next.

    As the ledger has it (rules, 29).
    """
    return convention.goes_on_in is None and is_awaited(convention, document)


def is_awaited(convention: Convention, document: Document) -> bool:
    """True of a document that has not come, or was rejected, and is owed here or where it goes on.

    What has ended owes, while anything stays paid, what its text names, and what an order was
    issued by and was rejected since; nobody waits for the documents of an instalment that was
    given up.
    """
    if document.is_there:
        return False
    key = (document.kind, document.year)
    has_ended = convention.state in ENDED
    # What earlier years paid is known to the ledger alone.
    stays_paid = convention.paid_cents > 0 or convention.carried_from is not None
    if has_ended and not stays_paid:
        return False
    if key in {(each.kind, each.year) for each in convention.obligations}:
        return True
    planned = [
        each
        for each in convention.instalments
        if key in {(owed.kind, owed.year) for owed in each.documents}
    ]
    if has_ended:
        return any(map(_has_used_money, planned))
    return document.rejected_for is not None or any(
        instalment_status(convention, each) != "released" for each in planned
    )


def _has_used_money(instalment: Instalment) -> bool:
    """True where an order holds the instalment, or paid a part before it was given back."""
    return any(
        each.order.state not in NOT_TO_BE_PAID or each.order.paid_cents
        for each in instalment.orders
    )


def _new(documents: Iterable[Document], listed: set[tuple[str, int]]) -> Iterator[Document]:
    for each in documents:
        if (each.kind, each.year) not in listed:
            listed.add((each.kind, each.year))
            yield each
